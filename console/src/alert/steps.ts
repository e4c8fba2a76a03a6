/** Taking a step of an alert: at once told when it was not delivered, to be taken back, asked before taking over. */
import { whose } from "../board/words";
import { ref } from "vue";
import { take } from "../alerts";
import { ApiError, post } from "../api";
import { deliver, Undelivered } from "../deliver";
import { i18n, pick } from "../i18n";
import type { AlertDetail, State } from "../types";
import { settle } from "../ui/settle";
import { newestStep, offerUndo } from "../undo";

export type Action = "acknowledge" | "dispatch" | "resolve" | "comment";
const KINDS: Partial<Record<Action, string>> = {
  acknowledge: "acknowledged",
  dispatch: "dispatched",
  resolve: "resolved",
};
interface Holder {
  handler_name?: string;
  at?: string;
  state?: State;
}

function offer(alert: AlertDetail, action: Action, onUndone: (alert: AlertDetail) => void): void {
  const kind = KINDS[action];
  const step = kind && newestStep(alert, kind);
  if (!step) return;
  const who = alert.residents[0]?.name ?? whose(alert);
  const words = () => i18n.global.t(`desk.undo.${kind}`, { who, what: pick(alert.title_zh, alert.title_en) });
  offerUndo({ alert, event: step.id, words, onUndone });
}

export function useSteps(id: () => string, accept: (alert: AlertDetail) => void, reload: () => void) {
  const busy = ref<Action | null>(null);
  const undelivered = ref(false);
  const refused = ref<ApiError | null>(null);
  const heldBy = ref<{ holder: Holder; body: object; done: () => void } | null>(null);

  /** Takes a step; `done` is called once it is on record, also when the answer came late. */
  async function step(action: Action, body: object, done: () => void): Promise<void> {
    if (busy.value) return;
    settle();
    busy.value = action;
    undelivered.value = false;
    refused.value = null;
    const recorded = (alert: AlertDetail) => {
      undelivered.value = false;
      done();
      accept(alert);
      take(alert);
      offer(alert, action, accept);
    };
    try {
      recorded(await deliver(post<AlertDetail>(`/alerts/${id()}/${action}`, body), recorded));
    } catch (error) {
      if (error instanceof Undelivered) undelivered.value = true;
      else if (!(error instanceof ApiError)) throw error;
      else if (error.code === "held_by_other") heldBy.value = { holder: error.details as Holder, body, done };
      else {
        refused.value = error;
        reload();
      }
    } finally {
      busy.value = null;
    }
  }
  /** The operator has been asked and closes it though somebody else has it. */
  function takeOver(): void {
    const asked = heldBy.value;
    heldBy.value = null;
    if (asked) void step("resolve", { ...asked.body, take_over: true }, asked.done);
  }
  return { busy, undelivered, refused, heldBy, step, takeOver };
}
