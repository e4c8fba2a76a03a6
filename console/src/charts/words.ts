/** A curve in words: what a screen reader says and a tired eye reads first. */
import { dayTime, localDate, time } from "../format";
import { i18n } from "../i18n";
import type { Curve } from "./curve";

const iso = (ms: number) => new Date(ms).toISOString();
/** 9:41 today's way: the hour is enough within one day, else the date belongs to it. */
export const clock = (ms: number) => time(iso(ms)).slice(0, 5);
export const when = (ms: number, curve: { since: number; until: number }) =>
  localDate(curve.since) === localDate(curve.until - 1) ? clock(ms) : dayTime(iso(ms));

export function figure(value: number): string {
  const size = Math.abs(value);
  return String(size >= 100 ? Math.round(value) : Math.round(value * 10) / 10);
}

export function inWords(curve: Curve): string {
  const t = i18n.global.t;
  const last = curve.points[curve.points.length - 1];
  const unit = curve.unit ? ` ${curve.unit}` : "";
  const limit = curve.limit === null ? "" : t("charts.limit", { limit: `${figure(curve.limit)}${unit}` });
  const at = when(last.at, curve);
  if (curve.summed)
    return t("charts.summed", { from: when(curve.points[0].at, curve), to: at, sum: `${figure(last.high)}${unit}` });
  const values = {
    from: when(curve.points[0].at, curve),
    to: at,
    low: figure(curve.points.reduce((least, point) => Math.min(least, point.low), Infinity)),
    high: figure(curve.points.reduce((most, point) => Math.max(most, point.high), -Infinity)),
    last: `${figure(last.mean)}${unit}`,
  };
  return t("charts.words", values) + limit;
}
