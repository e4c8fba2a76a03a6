/** Times as an operator reads them: in the homes' own time zone, which the server tells with the account. */
type Parts = Intl.DateTimeFormatOptions;
const CLOCK: Parts = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const DATE: Parts = { year: "numeric", month: "2-digit", day: "2-digit" };

/** The browser's own zone until the server has told another. */
function formats(timeZone?: string) {
  const of = (locale: string, parts: Parts) => new Intl.DateTimeFormat(locale, { timeZone, ...parts });
  return {
    clock: of("zh-CN", CLOCK),
    full: of("zh-CN", { ...DATE, ...CLOCK }),
    short: of("zh-CN", { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    minute: of("zh-CN", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    day: of("en-CA", DATE),
    fields: of("en-CA", { ...DATE, ...CLOCK }),
  };
}
let zone: string | undefined;
let format = formats();
const offsets = new Map<number, number>(); // by quarter of an hour: no zone's clock is put forward or back within one

/** Show times in this zone from now on. A name that this browser does not know leaves them in its own zone. */
export function setZone(name: string): void {
  if (name === zone) return;
  try {
    format = formats(name);
    zone = name;
    offsets.clear();
  } catch {
    console.error(`this browser knows no time zone ${name}`);
  }
}

export const time = (iso: string | null) => (iso ? format.clock.format(new Date(iso)) : "—");
export const moment = (iso: string | null) => (iso ? format.full.format(new Date(iso)) : "—");
/** 12/02 14:00: for what is days away, where the seconds are nobody's business. */
export const dayTime = (iso: string | null) => (iso ? format.short.format(new Date(iso)) : "—");
/** 14:00, for the axis of a chart whose values are real instants. */
export const chartTime = (ms: number) => format.minute.format(ms);
export const localDate = (ms: number) => format.day.format(ms);

/** By how many ms the homes' clocks are ahead of UTC at an instant. */
function offset(ms: number): number {
  const quarter = Math.floor(ms / 900e3);
  const known = offsets.get(quarter);
  if (known !== undefined) return known;
  const at = quarter * 900e3;
  const field = Object.fromEntries(format.fields.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const found = Date.UTC(field.year, field.month - 1, field.day, field.hour, field.minute, field.second) - at;
  if (offsets.size > 20_000) offsets.clear(); // half a year; a page that stays open must not grow for ever
  offsets.set(quarter, found);
  return found;
}

/**
 * Charts draw UTC; this moves an instant so that what they draw is the homes' own clock. In the one hour of the year
 * that comes twice, both lie over each other: where that matters, draw real instants and write them with chartTime.
 */
export const onChart = (ms: number) => ms + offset(ms);

const DAY = 86400e3;
const nextDate = (date: string) => new Date(Date.parse(date) + DAY).toISOString().slice(0, 10);

/** The first instant of a local day (YYYY-MM-DD): where clocks change at midnight there may be no 00:00, or two. */
function dayBegins(date: string): number {
  const asUtc = Date.parse(date);
  const one = asUtc - offset(asUtc - DAY);
  const other = asUtc - offset(asUtc + DAY);
  return [Math.min(one, other), Math.max(one, other)].find((ms) => localDate(ms) === date) ?? other;
}
/** From when until when a local day (YYYY-MM-DD) lasts, in ms: 24 hours, and 23 or 25 where clocks are changed. */
export const dayBounds = (date: string) => ({ since: dayBegins(date), until: dayBegins(nextDate(date)) });
/** The same as a query says it. */
export function dayAround(date: string): { since: string; until: string } {
  const { since, until } = dayBounds(date);
  return { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
}

/** 42 s, 7 min, 3 h 12 min, 2 d 4 h. */
export function span(ms: number, zh: boolean): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [s, m, h, d] = zh ? ["秒", "分", "时", "天"] : [" s", " min", " h", " d"];
  if (seconds < 60) return `${seconds}${s}`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${m}`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}${h}${zh ? "" : " "}${Math.floor(seconds / 60) % 60}${m}`;
  return `${Math.floor(seconds / 86400)}${d}${zh ? "" : " "}${Math.floor(seconds / 3600) % 24}${h}`;
}
