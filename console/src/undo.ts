/** What can still be taken back, and what was refused: the lines of the one bar at the bottom of every page. */
import { ref } from "vue";
import { ApiError, post } from "./api";
import { take } from "./alerts";
import { deliver, Undelivered } from "./deliver";
import { time } from "./format";
import { i18n } from "./i18n";
import { eventTime, settle } from "./ui/settle";
import type { Alert, AlertDetail, AlertEvent } from "./types";

const OFFERED_MS = 10_000;
const SHOWN_MS = 10_000;
const DONE_MS = 4000;
const SLOTS = [0, 1, 2, 3]; // places in the bar; the oldest line gives way
const STEADY_MS = 500; // a line that has just come takes no click: it was meant for what is beneath
export interface Line {
  id: number;
  slot: number; // it keeps its place while others come and go
  kind: "undo" | "done" | "refused";
  since: number; // by the clock of the user's events
  until: number; // performance.now()
  words: () => string; // in the language of the moment
  offer?: { alert: Pick<Alert, "id">; event: number };
  failed?: boolean; // the step back did not reach the server
  onUndone?: (alert: AlertDetail) => void;
}
export const lines = ref<Line[]>([]);
const t = i18n.global.t;
let next = 1;

function add(line: Omit<Line, "id" | "until" | "since" | "slot">, ms: number): void {
  const taken = new Set(lines.value.map(({ slot }) => slot));
  const oldest = taken.size === SLOTS.length ? lines.value[0] : undefined;
  const slot = oldest?.slot ?? SLOTS.find((one) => !taken.has(one)) ?? 0;
  const until = performance.now() + ms;
  const others = lines.value.filter((one) => one !== oldest);
  lines.value = [...others, { ...line, id: next++, slot, until, since: eventTime() }];
}
/** Whether a click was meant for a line. */
export const steady = (line: Line, event: Event) => event.timeStamp - line.since >= STEADY_MS;
export function dismiss(id: number): void {
  lines.value = lines.value.filter((line) => line.id !== id);
}
/** Lines whose time is over leave. */
export function expire(): void {
  const now = performance.now();
  if (lines.value.some((line) => line.until <= now)) lines.value = lines.value.filter((line) => line.until > now);
}

/** The newest step of a kind that a person took, in the history that the answer to a POST brings. */
export function newestStep(alert: AlertDetail, kind: string): AlertEvent | undefined {
  return alert.events.filter((event) => event.kind === kind && event.actor).sort((a, b) => b.id - a.id)[0];
}

/** Offer to take back a step for ten seconds. `words` says what was done: "已接警：李某 · 紧急呼叫". */
export function offerUndo(step: {
  alert: Pick<Alert, "id">;
  event: number;
  words: () => string;
  onUndone?: (alert: AlertDetail) => void;
}): void {
  lines.value = lines.value.filter((line) => line.offer?.alert.id !== step.alert.id); // only the last step can go
  const { alert, event, words, onUndone } = step;
  add({ kind: "undo", words, offer: { alert, event }, onUndone }, OFFERED_MS);
}
/** Say in the bar what was refused. */
export function refuse(words: () => string): void {
  add({ kind: "refused", words }, SHOWN_MS);
}

/** Take back the newest step that is offered: the key of the board. */
export function undoNewest(): void {
  const newest = lines.value.findLast((line) => line.kind === "undo");
  if (newest) void undo(newest);
}

const REASONS = ["acted_since", "too_late", "not_yours", "reopened"];
function refusal(error: ApiError): string {
  const { reason, handler_name: name, at } = error.details as Record<string, string | undefined>;
  if (!reason || !REASONS.includes(reason)) return t("error", { message: error.message });
  return t(`desk.undo.${reason}`, { name: name ?? "", time: time(at ?? null) });
}

export async function undo(line: Line): Promise<void> {
  if (!line.offer) return;
  settle();
  const { alert, event } = line.offer;
  const done = (answer: AlertDetail) => {
    take(answer);
    line.onUndone?.(answer);
    dismiss(line.id);
    add({ kind: "done", words: () => t("desk.undo.done", { what: line.words() }) }, DONE_MS);
  };
  try {
    done(await deliver(post<AlertDetail>(`/alerts/${alert.id}/undo`, { event }), done));
  } catch (error) {
    if (error instanceof Undelivered) offerAgain(line);
    else if (error instanceof ApiError) {
      dismiss(line.id);
      refuse(() => refusal(error));
    } else throw error;
  }
}
function offerAgain(line: Line): void {
  const until = performance.now() + OFFERED_MS;
  lines.value = lines.value.map((one) => (one.id === line.id ? { ...one, failed: true, until } : one));
}
