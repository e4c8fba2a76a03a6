/** Reading a page's data again while somebody is looking at it. */
import { onMounted, onUnmounted } from "vue";

const UNATTENDED = 3600e3; // ms without input: every request renews the session, and a forgotten page must not
const INPUTS = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"];

/** Calls `read` every `ms` while the page is in front and attended, and at once when it comes to the front again. */
export function usePoll(read: () => void, ms: number): void {
  let input = Date.now();
  let timer: number | undefined;
  const noted = () => {
    if (Date.now() - input > UNATTENDED) read();
    input = Date.now();
  };
  const ask = () => {
    if (!document.hidden && Date.now() - input <= UNATTENDED) read();
  };
  onMounted(() => {
    timer = window.setInterval(ask, ms);
    document.addEventListener("visibilitychange", ask);
    for (const name of INPUTS) window.addEventListener(name, noted, { passive: true });
  });
  onUnmounted(() => {
    window.clearInterval(timer);
    document.removeEventListener("visibilitychange", ask);
    for (const name of INPUTS) window.removeEventListener(name, noted);
  });
}

/** Lets only the answer to the newest question through: a slower, older one is dropped. */
export function newestOnly<T>(show: (answer: T) => void): (question: Promise<T>) => Promise<void> {
  let asked = 0;
  return async (question) => {
    const mine = ++asked;
    const answer = await question;
    if (mine === asked) show(answer);
  };
}
