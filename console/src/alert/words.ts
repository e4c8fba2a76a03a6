/** An alert's figures and times in words. */
import { figure } from "../charts/words";
import { span, time } from "../format";
import { chinese, i18n, pick } from "../i18n";
import { now } from "../stream";
import type { Alert } from "../types";

const JUST = 5 * 60e3; // ms: so long after it came in, a late alert "just came in"
const UNIT_ZH: Record<string, string> = { "1/min": "次/分" };
export const ago = (iso: string) => i18n.global.t("homePage.age", { span: since(iso) });
export const since = (iso: string) => span(now.value - Date.parse(iso), chinese.value);

/** "10 → 20 %LEL（最严重 25）": at first, now, at worst. Empty where nothing is measured in a unit. */
export function values(alert: Alert): string {
  const { value, unit } = alert.evidence;
  if (value == null || !unit) return "";
  const shown = [figure(value)];
  if (alert.last_value !== null && figure(alert.last_value) !== shown[0]) shown.push(figure(alert.last_value));
  const words = `${shown.join(" → ")} ${pick(UNIT_ZH[unit] ?? unit, unit)}`;
  const peak = alert.peak_value === null ? null : figure(alert.peak_value);
  return peak === null || shown.includes(peak) ? words : `${words}${i18n.global.t("alertPage.worst", { peak })}`;
}

/** "25 分钟前按下，刚收到"; empty for what came in at once. */
export function lateness(alert: Alert): string {
  if (!alert.late) return "";
  const t = i18n.global.t;
  const did = t(alert.rule === "sos" ? "alertPage.pressed" : "alertPage.happened");
  if (now.value - Date.parse(alert.opened_at) < JUST)
    return t("alertPage.justIn", { ago: ago(alert.occurred_at), did });
  const later = span(Date.parse(alert.opened_at) - Date.parse(alert.occurred_at), chinese.value);
  return t("alertPage.cameLate", { at: time(alert.occurred_at), did, received: time(alert.opened_at), later });
}
