/** The active alerts by id, as the stream keeps them, and what of them asks for somebody. */
import { computed, reactive, ref } from "vue";
import { get } from "./api";
import { SEVERITIES, type Alert, type AlertEvent, type Page, type Severity } from "./types";

export const ALOUD = ["opened", "unsuppressed"]; // kinds of events with which an alert begins to ask for somebody
const FRESH_MS = 8000;
export const alerts = reactive(new Map<number, Alert>());
export const fresh = reactive(new Set<number>()); // ids to highlight
export const lastEvent = ref<{ event: AlertEvent; alert: Alert } | null>(null);

const standing = computed(() => [...alerts.values()].sort(byUrgency));
/** What somebody must react to; what is only shown (answered, and it goes on) is apart and makes no sound. */
export const active = computed(() => standing.value.filter((alert) => !alert.suppressed_by));
export const goesOn = computed(() => standing.value.filter((alert) => alert.suppressed_by));
export const unanswered = computed(() => active.value.filter((alert) => alert.state === "open"));
export const counts = computed(() => {
  const found = Object.fromEntries(SEVERITIES.map((name) => [name, 0])) as Record<Severity, number>;
  for (const alert of active.value) found[alert.severity] += 1;
  return found;
});

function byUrgency(a: Alert, b: Alert): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    Number(a.state !== "open") - Number(b.state !== "open") ||
    a.opened_at.localeCompare(b.opened_at)
  );
}

/** An alert as the server has just said it stands. */
export function take(alert: Alert): void {
  if (alert.state === "resolved") alerts.delete(alert.id);
  else alerts.set(alert.id, alert);
}

/** A step of an alert, as the stream brings it. */
export function heard(data: { event: AlertEvent; alert: Alert }): void {
  take(data.alert);
  if (ALOUD.includes(data.event.kind)) {
    fresh.add(data.alert.id);
    setTimeout(() => fresh.delete(data.alert.id), FRESH_MS);
  }
  lastEvent.value = data;
}

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
  for (const id of alerts.keys()) if (!found.has(id)) alerts.delete(id);
  for (const alert of found.values()) alerts.set(alert.id, alert);
  return summary.latest_event_id; // older than the list: what happened meanwhile comes again, harmlessly
}
