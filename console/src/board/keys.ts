/** The board's keys. A key that repeats, or comes right after an action, never gets here (ui/settle.ts). */
import { onMounted, onUnmounted } from "vue";
import { covered } from "../ui/settle";

export interface KeyActions {
  move: (step: number) => void;
  claim: () => void;
  open: () => void;
  news: () => void;
  undo: () => void;
}
export function useKeys(actions: KeyActions): void {
  function onKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || covered()) return;
    if (["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName)) return;
    const key = event.key;
    if (key === "j" || key === "ArrowDown") actions.move(1);
    else if (key === "k" || key === "ArrowUp") actions.move(-1);
    else if (key === "a") actions.claim();
    else if (key === "n") actions.news();
    else if (key === "u") actions.undo();
    else if (key === "Enter" && !["BUTTON", "A"].includes(target.tagName)) actions.open();
    else return;
    event.preventDefault();
  }
  onMounted(() => window.addEventListener("keydown", onKey));
  onUnmounted(() => window.removeEventListener("keydown", onKey));
}
