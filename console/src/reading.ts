/**
 * What a screen reader says by itself: each alert that asks for somebody, with what, who and where.
 * Those that come while one is read wait and are said together, so that none cuts another off and none is dropped.
 */
import { reactive } from "vue";
import { asks } from "./alerts";
import { where, whose } from "./board/words";
import { i18n, pick } from "./i18n";
import type { Alert, AlertEvent } from "./types";

const JOIN = 300; // ms: what comes within is one sentence
const SPEAKING = 4000; // ms that what was said is left in place
const AGAIN = ["raised", "returned", "severity", "unsuppressed"];

interface Voice {
  said: string;
  count: number; // a new element each time: the same words twice are said twice
  waiting: string[];
  timer: number | undefined;
}
const voice = (): Voice => ({ said: "", count: 0, waiting: [], timer: undefined });
export const voices = reactive({ assertive: voice(), polite: voice() });

export function say(text: string, urgently = false): void {
  const mine = urgently ? voices.assertive : voices.polite;
  mine.waiting.push(text);
  if (mine.timer === undefined) mine.timer = window.setTimeout(() => speak(mine), JOIN);
}
function speak(mine: Voice): void {
  mine.timer = undefined;
  if (!mine.waiting.length) return;
  mine.said = mine.waiting.splice(0).join(i18n.global.t("reading.joint"));
  mine.count += 1;
  mine.timer = window.setTimeout(() => speak(mine), SPEAKING);
}

/** "紧急：紧急呼叫，李某，测试村3号" */
export function words(alert: Alert, kind: string): string {
  const { t } = i18n.global;
  return t(AGAIN.includes(kind) ? "reading.again" : "reading.alert", {
    severity: t(`severity.${alert.severity}`),
    kind: t(`kind.${kind}`),
    title: pick(alert.title_zh, alert.title_en),
    where: [whose(alert), where(alert)].join(t("reading.comma")),
  });
}
/** A step of an alert: said when the alert asks for somebody because of it. */
export function heard({ event, alert }: { event: AlertEvent; alert: Alert }): void {
  if (event.kind !== "opened" && !AGAIN.includes(event.kind)) return;
  if (asks(alert)) say(words(alert, event.kind), alert.severity === "emergency");
}
