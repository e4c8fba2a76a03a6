/**
 * The live picture: active alerts by id, kept by the event stream. It knows when it can't be trusted.
 * A reconnect asks for everything after the last event seen, so nothing is missed in between.
 */
import { computed, reactive, ref } from "vue";
import { get } from "./api";
import { SEVERITIES, type Alert, type AlertEvent, type Health, type Page, type Severity } from "./types";

const SILENT_AFTER = 40_000; // ms without any frame: health comes every 15 s, so the stream is dead though it looks open
export const ALOUD = ["opened", "unsuppressed"]; // kinds of events with which an alert begins to ask for somebody
const CANARY_LATE = 12_000; // ms: the self-check comes every 5 s
export const alerts = reactive(new Map<number, Alert>());
export const fresh = reactive(new Set<number>()); // ids to highlight
export const health = ref<Health | null>(null);
export const connected = ref(false);
export const lostSince = ref<number | null>(null);
export const now = ref(Date.now());
export const lastEvent = ref<{ event: AlertEvent; alert: Alert } | null>(null);

const canaryAt = ref<number | null>(null); // when the self-check's signal last came round, by our clock
export const canary = computed(() => {
  const check = health.value?.canary;
  if (!check) return null;
  const lost = check.broken !== null && !["session", "queue"].includes(check.broken); // there the signal comes all the same
  const late = !check.alive || lost || now.value - (canaryAt.value ?? now.value) > CANARY_LATE;
  return { late, seconds: check.round_trip_seconds };
});

let source: EventSource | null = null;
let lastId: number | null = null;
let heard = 0;
let timer: number | undefined;

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

export function take(alert: Alert): void {
  if (alert.state === "resolved") alerts.delete(alert.id);
  else alerts.set(alert.id, alert);
}

async function loadAll(): Promise<void> {
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
  lastId = summary.latest_event_id; // older than the list: what happened meanwhile comes again, harmlessly
}

function lost(): void {
  connected.value = false;
  lostSince.value ??= Date.now();
}

async function open(): Promise<void> {
  const refused = source?.readyState === EventSource.CLOSED; // it does not say why: the session may be over
  source?.close();
  source = null;
  try {
    if (refused) await get("/me");
    if (lastId === null) await loadAll();
  } catch {
    lost();
    return;
  }
  const stream = new EventSource(`/api/v1/events?last_event_id=${lastId}`);
  source = stream;
  heard = Date.now();
  stream.onopen = () => {
    heard = canaryAt.value = Date.now();
    connected.value = true;
    lostSince.value = null;
  };
  stream.onerror = () => lost();
  stream.addEventListener("alert", (message) => {
    heard = Date.now();
    lastId = Math.max(lastId ?? 0, Number(message.lastEventId));
    const data = JSON.parse(message.data) as { event: AlertEvent; alert: Alert };
    take(data.alert);
    if (ALOUD.includes(data.event.kind)) {
      fresh.add(data.alert.id);
      setTimeout(() => fresh.delete(data.alert.id), 8000);
    }
    lastEvent.value = data;
  });
  stream.addEventListener("canary", () => {
    heard = canaryAt.value = Date.now();
  });
  stream.addEventListener("health", (message) => {
    heard = Date.now();
    health.value = JSON.parse(message.data) as Health;
  });
}

function watch(): void {
  now.value = Date.now();
  const dead = source === null || source.readyState === EventSource.CLOSED;
  if (dead || now.value - heard > SILENT_AFTER) {
    lost();
    if (now.value % 2000 < 1000) void open();
  }
}

export function start(): void {
  if (timer !== undefined) return;
  timer = window.setInterval(watch, 1000);
  void open();
}
export function stop(): void {
  window.clearInterval(timer);
  timer = undefined;
  source?.close();
  source = null;
  lastId = null;
  alerts.clear();
  connected.value = false;
  lostSince.value = null;
}
