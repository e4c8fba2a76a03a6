/** 接警 from the board: one step, at once, and never in doubt whether it arrived. */
import { reactive } from "vue";
import { ApiError, post } from "../api";
import { asks, find, take } from "../alerts";
import { deliver, Undelivered } from "../deliver";
import { i18n } from "../i18n";
import { newestStep, offerUndo, refuse } from "../undo";
import { settle } from "../ui/settle";
import type { AlertDetail } from "../types";
import { refusal, titleOf, whose } from "./words";

export const sending = reactive(new Set<number>());
export const undelivered = reactive(new Set<number>());
const t = i18n.global.t;

function done(alert: AlertDetail): void {
  undelivered.delete(alert.id);
  take(alert);
  const step = newestStep(alert, "acknowledged");
  const words = () => t("desk.undo.acknowledged", { who: whose(alert), what: titleOf(alert) });
  if (step) offerUndo({ alert, event: step.id, words });
}

export async function claim(id: number): Promise<void> {
  const alert = find(id);
  if (!alert || !asks(alert) || sending.has(id)) return;
  settle();
  sending.add(id);
  undelivered.delete(id);
  try {
    done(await deliver(post<AlertDetail>(`/alerts/${id}/acknowledge`), done));
  } catch (error) {
    if (error instanceof Undelivered) undelivered.add(id);
    else if (error instanceof ApiError) refuse(() => refusal(error, alert));
    else throw error;
  } finally {
    sending.delete(id);
  }
}
