/**
 * What the board lists, in an order that stands still while anybody uses it.
 *
 * A row keeps its place until ten seconds after the last input. What is new, or asks again, comes into the strip above, in
 * the lane of its severity, and stands there for ten seconds at least; when all is calm it takes its place in the list.
 * Nothing here depends on which events were heard: the same alerts give the same board, also after a lost connection.
 */
import { ref, shallowRef, watch } from "vue";
import { alerts, asks, byUrgency, closed, find, loaded, standing, unanswered } from "../alerts";
import { eventTime } from "../ui/settle";
import type { Alert } from "../types";
import { matcher, type Filters } from "./search";

export const CALM_MS = 10_000;
const STEADY_MS = 500; // what has just moved takes no click: the hand was already on its way
export const LANES = ["loud", "other"] as const;
export type Lane = (typeof LANES)[number];
export const laneOf = (alert: Alert): Lane => (["emergency", "urgent"].includes(alert.severity) ? "loud" : "other");

export const listed = shallowRef<number[]>([]);
export const lasting = shallowRef<number[]>([]); // answered, goes on, silent
export const hidden = ref(0); // asking alerts that are neither listed, because of the filters, nor in the strip
export const lanes = { loud: shallowRef<number[]>([]), other: shallowRef<number[]>([]) };

type Region = "board" | Lane;
const usedAt: Record<Region, number> = { board: -CALM_MS, loud: -CALM_MS, other: -CALM_MS };
const movedAt: Record<Region, number> = { board: -STEADY_MS, loud: -STEADY_MS, other: -STEADY_MS };
const seen = new Map<number, string | null>(); // with which `asks_since` an alert took its place in the list
const placed = new Set<number>(); // what has a place in the list already
const arrived = new Map<number, number>(); // since when it stands in the strip
let filters: Filters = { severity: "", unanswered: false, text: "" };
let begun = false;
let changed = true;

/** Somebody uses a part of the board. A lane is part of it. */
export function use(region: Region): void {
  usedAt[region] = usedAt.board = performance.now();
}
const calm = (region: Region) => performance.now() - usedAt[region] >= CALM_MS;
/** Whether a click meant what it hit: not when rows changed places under the hand a moment ago. */
export const steady = (region: Region, event: Event) => event.timeStamp - movedAt[region] >= STEADY_MS;

/** Whether something that stood there has given way. */
function set(target: { value: number[] }, ids: number[]): boolean {
  const before = target.value;
  if (before.length === ids.length && before.every((id, at) => id === ids[at])) return false;
  target.value = ids;
  return before.some((id, at) => ids[at] !== id);
}
const isNews = (alert: Alert) => asks(alert) && seen.get(alert.id) !== alert.asks_since;

/** What asks and has no place yet comes into its lane: at its end while the lane is used, else where it belongs. */
function gather(): void {
  for (const name of LANES) {
    const lane = lanes[name];
    const there = new Set(lane.value);
    const come = unanswered.value.filter((alert) => laneOf(alert) === name && isNews(alert) && !there.has(alert.id));
    for (const { id } of come) if (!arrived.has(id)) arrived.set(id, performance.now());
    if (come.length) set(lane, [...lane.value, ...come.map((alert) => alert.id)]);
    if (calm(name)) tidy(name);
  }
}
/** What asks for nobody and was never listed, as a colleague was faster: at the end, where it moves nothing. */
function append(): void {
  const wanted = matcher(filters);
  const shown = new Set([...listed.value, ...lasting.value]);
  const come = standing.value.filter((one) => !asks(one) && !placed.has(one.id) && !shown.has(one.id) && wanted(one));
  const rows = come.filter((alert) => !alert.suppressed_by && !lanes[laneOf(alert)].value.includes(alert.id));
  const rest = come.filter((alert) => alert.suppressed_by);
  for (const { id } of [...rows, ...rest]) placed.add(id);
  set(listed, [...listed.value, ...rows.map(({ id }) => id)]);
  set(lasting, [...lasting.value, ...rest.map(({ id }) => id)]);
}
/** A lane that nobody uses: what asks first, by urgency; what became worse goes over to its own lane. */
function tidy(name: Lane): void {
  const found = lanes[name].value.map(find).filter((alert): alert is Alert => !!alert && laneOf(alert) === name);
  found.sort((a, b) => Number(asks(b)) - Number(asks(a)) || byUrgency(a, b));
  const ids = found.map((alert) => alert.id);
  if (set(lanes[name], ids)) movedAt[name] = eventTime();
}

/** The list anew, by urgency. What stands in the strip and has had no place yet stays there. */
function arrange(): boolean {
  const wanted = matcher(filters);
  const news = new Set([...lanes.loud.value, ...lanes.other.value]);
  const searching = Boolean(filters.text || filters.severity || filters.unanswered);
  const rows: number[] = [];
  const rest: number[] = [];
  let out = 0;
  for (const alert of standing.value) {
    if (!searching && news.has(alert.id) && !placed.has(alert.id)) continue;
    if (!wanted(alert)) out += Number(asks(alert) && !news.has(alert.id));
    else {
      placed.add(alert.id);
      (alert.suppressed_by ? rest : rows).push(alert.id);
    }
  }
  hidden.value = out;
  const moved = set(listed, rows);
  return set(lasting, rest) || moved;
}
/** What stood in the strip for long enough takes its place in the list, if the list shows it. */
function admit(): void {
  const wanted = matcher(filters);
  const ripe = performance.now() - CALM_MS;
  for (const name of LANES) {
    const stays = lanes[name].value.filter((id) => {
      const alert = alerts.get(id);
      return alert && asks(alert) && ((arrived.get(id) ?? 0) > ripe || !wanted(alert));
    });
    for (const id of lanes[name].value) if (!stays.includes(id)) settleDown(id);
    if (set(lanes[name], stays)) movedAt[name] = eventTime();
  }
}
function settleDown(id: number): void {
  arrived.delete(id);
  seen.set(id, alerts.get(id)?.asks_since ?? null);
  placed.add(id);
}
/** Rows of what was closed leave, and what is known of it. */
function forgetClosed(): void {
  closed.clear();
  for (const known of [seen, placed, arrived]) for (const id of known.keys()) if (!alerts.has(id)) known.delete(id);
}

/** Put the board in order if nobody uses it. `atTop`: whether the list's head, where news will stand, is in sight. */
export function rest(atTop: boolean): void {
  if (!loaded.value) return;
  for (const name of LANES) if (calm(name)) tidy(name);
  const waits = LANES.some((name) => lanes[name].value.length);
  if (!calm("board") || (!changed && !waits)) return;
  changed = false;
  if (atTop) admit();
  if (arrange()) movedAt.board = eventTime();
  if (atTop) forgetClosed();
}
/** Show what other filters ask for, at once. */
export function refilter(wanted: Filters): void {
  filters = { ...wanted };
  if (begun) arrange();
}

function begin(): void {
  if (begun === loaded.value) return;
  begun = loaded.value;
  for (const known of [seen, placed, arrived]) known.clear();
  for (const target of [listed, lasting, lanes.loud, lanes.other]) target.value = [];
  if (begun) for (const alert of standing.value) settleDown(alert.id);
  arrange();
}
/** Follow the alerts while the board is shown. Returns how to stop. */
export function follow(): () => void {
  const update = () => {
    changed = true;
    begin();
    if (!begun) return;
    gather();
    append();
  };
  update();
  return watch([standing, loaded], update);
}
