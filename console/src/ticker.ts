/** A worker that says "a second has passed": browsers slow a hidden page's timers to one a minute, a worker's not. */
setInterval(() => postMessage(0), 1000);
export {};
