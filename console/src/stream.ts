/**
 * The live connection to the server. It knows when what is shown can't be trusted.
 * A reconnect asks for everything after the last event seen, so nothing is missed in between.
 */
import { computed, ref } from "vue";
import * as alerts from "./alerts";
import { get } from "./api";
import type { Alert, AlertEvent, Health } from "./types";

const SILENT_AFTER = 40_000; // ms without any frame: health comes every 15 s, so the stream is dead though it looks open
const CANARY_LATE = 12_000; // ms: the self-check comes every 5 s
export const health = ref<Health | null>(null);
export const connected = ref(false);
export const lostSince = ref<number | null>(null);
export const now = ref(Date.now());

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
    lastId ??= await alerts.loadAll();
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
    alerts.heard(JSON.parse(message.data) as { event: AlertEvent; alert: Alert });
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
  alerts.alerts.clear();
  connected.value = false;
  lostSince.value = null;
}
