/** The server's time, and a tick each second that also comes in a hidden tab. */
import { ref } from "vue";

const OLDEST = 20_000; // ms: what the server says may have waited, so a later time is truer, unless it is this far off
let base = Date.now() - performance.now(); // the computer's own clock until the server has said its time

/** By the clock that nobody sets; it is moved only by what the server says. */
export const serverNow = () => base + performance.now();
export const now = ref(serverNow());

/** A time that the server has just said. */
export function heardTime(iso: string | null | undefined): void {
  const said = Date.parse(iso ?? "") - performance.now();
  if (Number.isNaN(said) || (said < base && said > base - OLDEST && known)) return;
  known = true;
  base = said;
  now.value = serverNow();
}
let known = false;

const actions = new Set<() => void>();
function tick(): void {
  now.value = serverNow();
  for (const action of actions) action();
}
/** Do something every second, until the answer is called. */
export function everySecond(action: () => void): () => void {
  actions.add(action);
  return () => actions.delete(action);
}

const worker = new Worker(new URL("./ticker.ts", import.meta.url), { type: "module" });
worker.onmessage = tick;
worker.onerror = () => setInterval(tick, 1000); // better a slow tick than none
