/**
 * The live connection to the server. It knows when what is shown can't be trusted.
 * A reconnect asks for everything after the last event seen, so nothing is missed in between.
 */
import { computed, ref } from "vue";
import * as alerts from "./alerts";
import { everySecond, heardTime, now, serverNow } from "./clock";
import * as reading from "./reading";
import * as session from "./session";
import type { Alert, AlertEvent, Health } from "./types";

export { now } from "./clock";

const SILENT_AFTER = 11_500; // ms: the server says something every 5 s, so two words are missing and it is dead
const LOADING = 30_000; // ms for all that stands, over a slow line
const RETRY = [500, 2000, 4000]; // ms between attempts, the last again and again
const CANARY_LATE = 12_000; // ms: the self-check comes every 5 s
export const health = ref<Health | null>(null);
export const connected = ref(false);
export const lostSince = ref<number | null>(null);

const canaryAt = ref<number | null>(null); // when the self-check's signal last came round
export const canary = computed(() => {
  const check = health.value?.canary;
  if (!check) return null;
  const lost = check.broken !== null && !["session", "queue"].includes(check.broken); // there the signal comes all the same
  const late = !check.alive || lost || now.value - (canaryAt.value ?? now.value) > CANARY_LATE;
  return { late, seconds: check.round_trip_seconds };
});

let source: EventSource | null = null;
let lastId: number | null = null;
let attempt = 0; // what an earlier attempt still brings is not heeded
let failures = 0;
let refused = false; // a stream does not say why it was refused: the session may be over
let deadline = Infinity; // by performance.now(), which nobody sets: until then something must be heard
let retryAt = Infinity;
let trying = 0;
let stopTicking: (() => void) | null = null;

function hear(): void {
  deadline = performance.now() + SILENT_AFTER;
}

function lose(): void {
  attempt += 1;
  const asked = refused;
  refused = source?.readyState === EventSource.CLOSED;
  source?.close();
  source = null;
  connected.value = false;
  lostSince.value ??= serverNow();
  deadline = Infinity;
  if (refused && !asked) {
    void open(); // asks at once whether the session is over: that is no broken network
    return;
  }
  const pause = RETRY[Math.min(failures++, RETRY.length - 1)]!;
  retryAt = performance.now() + pause * (0.75 + Math.random() / 2); // not all consoles at once
}

async function open(): Promise<void> {
  const mine = ++attempt;
  retryAt = Infinity;
  trying = performance.now();
  deadline = trying + LOADING;
  try {
    if (refused) await session.refresh();
    if (mine !== attempt) return;
    const id = lastId ?? (await alerts.loadAll());
    if (mine !== attempt) return;
    lastId ??= id;
  } catch {
    if (mine === attempt) lose();
    return;
  }
  listen();
}

function listen(): void {
  const stream = new EventSource(`/api/v1/events?last_event_id=${lastId}`);
  source = stream;
  hear();
  stream.onopen = () => {
    hear();
    refused = false;
    failures = 0;
    canaryAt.value = serverNow();
    connected.value = true;
    lostSince.value = null;
  };
  stream.onerror = () => {
    if (source === stream) lose();
  };
  const on = (name: string, action: (message: MessageEvent<string>) => void) =>
    stream.addEventListener(name, (message) => {
      hear();
      action(message);
    });
  on("ping", () => undefined);
  on("canary", () => (canaryAt.value = serverNow()));
  on("session", (message) => session.endsAt(JSON.parse(message.data).ends_at));
  on("health", (message) => {
    health.value = JSON.parse(message.data) as Health;
    heardTime(health.value.now);
  });
  on("alert", (message) => {
    lastId = Math.max(lastId ?? 0, Number(message.lastEventId));
    const data = JSON.parse(message.data) as { event: AlertEvent; alert: Alert };
    alerts.heard(data);
    reading.heard(data);
  });
}

function watch(): void {
  const moment = performance.now();
  if (moment > deadline) lose();
  else if (!connected.value && moment - trying > SILENT_AFTER) lostSince.value ??= serverNow();
  if (moment >= retryAt) void open();
}

/** Go on from where it was, or begin. */
export function start(): void {
  if (stopTicking) return;
  stopTicking = everySecond(watch);
  refused = false;
  void open();
}
/** Hear nothing more, and keep what is shown. */
export function pause(): void {
  attempt += 1;
  stopTicking?.();
  stopTicking = null;
  source?.close();
  source = null;
  failures = 0;
  deadline = retryAt = Infinity;
  connected.value = false;
  lostSince.value = null;
}
/** End: nothing of it stays. */
export function stop(): void {
  pause();
  lastId = null;
  health.value = null;
  alerts.forget();
}
