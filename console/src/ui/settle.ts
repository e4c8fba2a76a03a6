/**
 * After an action nothing else takes a click or a key for a moment. A double click, a bouncing key or a second tap meant
 * for what was there before must never act on what is there now.
 *
 * Whoever acts says `settle()`; the events that come too early are swallowed here, before any page sees them. They are
 * told by when the user made them, not by when a busy page came round to them. A key that repeats by itself never acts.
 */
export const SETTLE_MS = 600;
const MOVES = new Set(
  "Tab Escape Shift ArrowUp ArrowDown ArrowLeft ArrowRight PageUp PageDown Home End j k".split(" "),
);

/** Now, by the clock that also dates the user's events. */
export const eventTime = () => new Event("clock").timeStamp;

let until = 0;
let timer: number | undefined;

/** An action is being taken, or what could be acted on has just changed its place. */
export function settle(): void {
  until = eventTime() + SETTLE_MS;
  document.documentElement.dataset.settling = "";
  window.clearTimeout(timer);
  timer = window.setTimeout(() => delete document.documentElement.dataset.settling, SETTLE_MS);
}
export const settling = (event?: Event) => (event?.timeStamp ?? eventTime()) < until;

function swallow(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}
function onPointer(event: Event): void {
  if (settling(event)) swallow(event);
}
const writes = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

function onKey(event: KeyboardEvent): void {
  if (MOVES.has(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  const early = settling(event);
  if (!early && !event.repeat) return;
  // Words go on being written; only Enter (and a space on a box that is ticked) acts from within a field.
  if (writes(event.target)) {
    const field = event.target as HTMLElement;
    const ticks = field.matches("[type=checkbox], [type=radio]");
    const acts = ticks || (event.key === "Enter" && !field.matches("textarea"));
    if (!acts) return;
  }
  swallow(event);
}
/** Whether a dialog is over the page, so that the page's own keys do nothing. */
export const covered = () => document.querySelector('[aria-modal="true"]') !== null;

for (const kind of ["click", "dblclick", "auxclick", "submit"]) window.addEventListener(kind, onPointer, true);
window.addEventListener("keydown", onKey, true);
