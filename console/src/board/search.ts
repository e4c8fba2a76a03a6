/** Whether an alert is one that the board is asked to show. */
import { asks } from "../alerts";
import type { Alert, Severity } from "../types";
import { where, whose } from "./words";

export interface Filters {
  severity: Severity | "";
  unanswered: boolean;
  text: string;
}
const texts = new WeakMap<Alert, string>();

/** All that an alert can be found by, lowered once; a second time without blanks, so that "31号" finds "31 号". */
function textOf(alert: Alert): string {
  let found = texts.get(alert);
  if (found === undefined) {
    const { home, subject, device, handler } = alert;
    const words = [alert.title_zh, alert.title_en, subject.code, subject.name, whose(alert), where(alert)];
    words.push(
      home?.area_name ?? "",
      handler?.name ?? "",
      device?.type_zh ?? "",
      device?.type_en ?? "",
      device?.room ?? "",
      device?.serial ?? "",
    );
    const plain = words.join(" ").toLowerCase();
    found = `${plain}\n${plain.replaceAll(/\s+/g, "")}\n${home?.initials ?? ""}`;
    texts.set(alert, found);
  }
  return found;
}

/** A test for many alerts: every word must be found, in any order. */
export function matcher(filters: Filters): (alert: Alert) => boolean {
  const words = filters.text.toLowerCase().split(/\s+/).filter(Boolean);
  return (alert) =>
    (!filters.severity || alert.severity === filters.severity) &&
    (!filters.unanswered || asks(alert)) &&
    words.every((word) => textOf(alert).includes(word));
}
