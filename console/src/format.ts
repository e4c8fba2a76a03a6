/** Times as an operator reads them: in the homes' own time zone. */
const ZONE = "Asia/Shanghai";
const clock = new Intl.DateTimeFormat("zh-CN", {
  timeZone: ZONE,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const full = new Intl.DateTimeFormat("zh-CN", {
  timeZone: ZONE,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const short = new Intl.DateTimeFormat("zh-CN", {
  timeZone: ZONE,
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE });

/** Charts draw UTC; this moves an instant so that what they draw is the homes' own clock (no daylight saving there). */
export const onChart = (ms: number) => ms + 8 * 3600e3;
export const time = (iso: string | null) => (iso ? clock.format(new Date(iso)) : "—");
export const moment = (iso: string | null) => (iso ? full.format(new Date(iso)) : "—");
/** 12/02 14:00: for what is days away, where the seconds are nobody's business. */
export const dayTime = (iso: string | null) => (iso ? short.format(new Date(iso)) : "—");
export const localDate = (at: number) => day.format(new Date(at));
/** The bounds of a local day (YYYY-MM-DD); there is no daylight saving. */
export function dayAround(date: string): { since: string; until: string } {
  const since = Date.parse(`${date}T00:00:00+08:00`);
  return { since: new Date(since).toISOString(), until: new Date(since + 86400e3).toISOString() };
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
