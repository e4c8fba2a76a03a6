/** What the board says of an alert, in the page's language. */
import type { ApiError } from "../api";
import { asks } from "../alerts";
import { dayTime, time } from "../format";
import { i18n, pick } from "../i18n";
import type { Alert, Severity, State } from "../types";

const t = i18n.global.t;
const JUST_NOW = 120_000; // ms
const LIMITS: Partial<Record<Severity, number>> = { emergency: 60_000, urgent: 600_000 }; // within which it's to be answered
const DAY = 86_400_000;

/** Who lives there; of an alert about an area, a vendor or the site, which one. */
export const whose = (alert: Alert) => alert.home?.person_name || alert.home?.code || about(alert);
export const where = (alert: Alert) => alert.home?.address ?? t(`subject.${alert.subject.kind}`);
const about = (alert: Alert) => alert.subject.name || t("subject.whole");
export const titleOf = (alert: Alert) => pick(alert.title_zh, alert.title_en);
/** "测试村1号 李某 紧急呼叫": which alert a button is of. */
export const nameOf = (alert: Alert) => `${where(alert)} ${whose(alert)} ${titleOf(alert)}`;
export const claimName = (alert: Alert) => t("desk.claimOf", { name: nameOf(alert) });

/** It was answered, or stood for a while, and asks again. */
export const asksAgain = (alert: Alert) => asks(alert) && since(alert) - Date.parse(alert.opened_at) > 1000;
const since = (alert: Alert) => Date.parse(alert.asks_since ?? alert.opened_at);
/** Whether it has been asking for longer than the desk's limit for its severity. */
export function overdue(alert: Alert, now: number): boolean {
  const limit = LIMITS[alert.severity];
  if (!limit || !asks(alert)) return false;
  return now - (asksAgain(alert) ? since(alert) : Date.parse(alert.occurred_at)) > limit;
}
export const again = (alert: Alert) =>
  t(alert.rule === "sos" ? "desk.calledAgain" : "desk.raisedAgain", { time: time(alert.asks_since).slice(0, 5) });

/** A moment of today by its clock, of another day with its date. */
export const clock = (iso: string, now: number) => (now - Date.parse(iso) < DAY / 2 ? time(iso) : dayTime(iso));

/** 25 分钟, 2 小时 5 分钟, 3 天. */
export function lasted(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return t("desk.seconds", { n: Math.max(0, Math.floor(ms / 1000)) });
  if (minutes < 60) return t("desk.minutes", { n: minutes });
  if (minutes < 1440) return t("desk.hours", { h: Math.floor(minutes / 60), n: minutes % 60 });
  return t("desk.days", { n: Math.floor(minutes / 1440) });
}
/** "25 分钟前按下，刚收到": it happened long before it reached us. */
export function lateWords(alert: Alert, now: number): string {
  const ago = lasted(now - Date.parse(alert.occurred_at));
  const received =
    now - Date.parse(alert.opened_at) < JUST_NOW
      ? t("desk.justReceived")
      : t("desk.receivedAt", { time: time(alert.opened_at).slice(0, 5) });
  return t(alert.rule === "sos" ? "desk.pressedAgo" : "desk.happenedAgo", { ago, received });
}

/** "10 → 20 %LEL", and the worst when it was worse still; empty while nothing has changed. */
export function values(alert: Alert): string {
  const { value, unit } = alert.evidence;
  const { last_value: last, peak_value: peak } = alert;
  if (value === undefined || value === null || last === null) return "";
  const worst = peak !== null && peak !== last && peak !== value ? t("desk.worst", { value: round(peak) }) : "";
  if (last === value && !worst) return "";
  return `${round(value)} → ${round(last)} ${unit ?? ""}${worst}`.trim();
}
const round = (value: number) => String(Math.round(value * 100) / 100);

/** Why a step was refused: somebody was first. */
export function refusal(error: ApiError, alert?: Alert): string {
  const { handler_name: name, at, state } = error.details as { handler_name?: string; at?: string; state?: State };
  const who = alert ? `${whose(alert)} · ${titleOf(alert)}: ` : "";
  if (error.status !== 409 || !state) return who + t("error", { message: error.message });
  return (
    who +
    (name
      ? t("alert.conflict", { name, time: time(at ?? null), state: t(`state.${state}`) })
      : t("alert.conflictPlain", { state: t(`state.${state}`) }))
  );
}
