/** The active alerts by id, as the stream keeps them, and what of them asks for somebody. */
import { computed, reactive, ref, shallowReactive } from "vue";
import { get } from "./api";
import { SEVERITIES, type Alert, type AlertDetail, type AlertEvent, type Page, type Severity } from "./types";

export interface Step {
  event: AlertEvent;
  alert: Alert;
}
const FRESH_MS = 8000;
const CLOSED_KEPT = 500;
export const alerts = shallowReactive(new Map<number, Alert>());
/** What was closed a moment ago, as it stood: a list that is being used keeps its row. */
export const closed = shallowReactive(new Map<number, Alert>());
export const fresh = reactive(new Set<number>()); // ids to highlight
export const loaded = ref(false); // whether what stands has been read once

/** Whether it asks for a person: it rings, it counts, anybody may claim it. */
export const asks = (alert: Alert) => alert.asks_since !== null;
export const find = (id: number) => alerts.get(id) ?? closed.get(id);

/** What somebody must react to; what is only shown (answered, and it goes on) is apart and makes no sound. */
export const standing = computed(() => [...alerts.values()].sort(byUrgency));
export const active = computed(() => standing.value.filter((alert) => !alert.suppressed_by));
export const goesOn = computed(() => standing.value.filter((alert) => alert.suppressed_by));
export const unanswered = computed(() => active.value.filter(asks));

const RANK = Object.fromEntries(SEVERITIES.map((name, at) => [name, at])) as Record<Severity, number>;
/** The worst first, of those the asking ones, of those what happened earliest. Times of one form compare as text. */
export function byUrgency(a: Alert, b: Alert): number {
  if (a.severity !== b.severity) return RANK[a.severity] - RANK[b.severity];
  if (asks(a) !== asks(b)) return asks(a) ? -1 : 1;
  if (a.occurred_at !== b.occurred_at) return a.occurred_at < b.occurred_at ? -1 : 1;
  return a.id - b.id;
}

const waiting = new Map<number, Alert>(); // heard, and not yet in the map: one change of the page for a whole burst
const answeredAt = new Map<number, number>(); // the newest event known of an alert from the answer to a step of our own
let asked = false;

function flush(): void {
  asked = false;
  for (const alert of waiting.values()) put(alert);
  waiting.clear();
}
function put(alert: Alert): void {
  const before = alerts.get(alert.id);
  if (alert.state === "resolved") {
    if (before) close(alert);
    else if (closed.has(alert.id)) closed.set(alert.id, alert);
    return;
  }
  alerts.set(alert.id, alert);
  closed.delete(alert.id);
  if (loaded.value && asks(alert) && alert.asks_since !== before?.asks_since) highlight(alert.id);
}
function close(alert: Alert): void {
  alerts.delete(alert.id);
  closed.set(alert.id, alert);
  if (closed.size > CLOSED_KEPT) closed.delete(closed.keys().next().value as number);
}
function highlight(id: number): void {
  fresh.add(id);
  window.setTimeout(() => fresh.delete(id), FRESH_MS);
}

/** An alert as the server has just said it stands: the answer to a step. */
export function take(alert: Alert | AlertDetail): void {
  if ("events" in alert) answeredAt.set(alert.id, Math.max(0, ...alert.events.map((event) => event.id)));
  waiting.set(alert.id, alert);
  flush();
}

const listeners = new Set<(step: Step) => void>();
/** Be told of every step of every alert, in order, also while the page is hidden. Returns how to stop. */
export function onStep(listener: (step: Step) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A step of an alert, as the stream brings it. */
export function heard(step: Step): void {
  const known = answeredAt.get(step.alert.id) ?? 0;
  if (step.event.id >= known) waiting.set(step.alert.id, step.alert); // an older one comes late: we know what followed
  if (step.event.id > known) answeredAt.delete(step.alert.id);
  if (document.hidden)
    flush(); // a hidden page draws no frames, but it must ring
  else if (!asked) {
    asked = true;
    requestAnimationFrame(flush);
  }
  for (const listener of listeners) listener(step);
}

document.addEventListener("visibilitychange", flush); // what waited for a frame that a hidden page does not draw

/** Read all that stands; the number of an event after which the stream is to go on. */
export async function loadAll(): Promise<number> {
  const summary = await get<{ latest_event_id: number }>("/alerts/summary");
  const found = new Map<number, Alert>();
  let cursor: string | null = null;
  do {
    const page: Page<Alert> = await get<Page<Alert>>("/alerts", { limit: 200, cursor });
    for (const alert of page.items) found.set(alert.id, alert);
    cursor = page.next_cursor;
  } while (cursor);
  for (const alert of [...alerts.values()]) if (!found.has(alert.id)) close({ ...alert, state: "resolved" });
  for (const alert of found.values()) put(alert);
  loaded.value = true;
  return summary.latest_event_id; // older than the list: what happened meanwhile comes again, harmlessly
}

/** Forget everything: the session is over. */
export function forget(): void {
  for (const map of [alerts, closed, waiting, answeredAt]) map.clear();
  loaded.value = false;
}
