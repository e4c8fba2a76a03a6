/** All that an operator has to know about the desk itself, the worst first. The status line shows the first of them. */
import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { span } from "./format";
import { chinese, pick } from "./i18n";
import { endsSoon, left, may, refresh, renewing } from "./session";
import * as sound from "./sound";
import { canary, connected, health, lostSince, now } from "./stream";
import type { Health } from "./types";

export interface Notice {
  key: string;
  level: "bad" | "warn";
  words: string;
  button?: { words: string; act: () => unknown };
  link?: { words: string; to: string };
}
type Problem = Health["problems"][number];

export function useNotices() {
  const { t } = useI18n();

  function lost(): Notice[] {
    if (lostSince.value === null) return [];
    const time = span(now.value - lostSince.value, chinese.value);
    return [{ key: "lost", level: "bad", words: t("frame.lost", { span: time }) }];
  }
  function silent(): Notice[] {
    if (!may("alerts.answer") || sound.enabled.value) return [];
    return [
      {
        key: "sound",
        level: "bad",
        words: t("frame.soundOff"),
        button: { words: t("frame.soundOn"), act: sound.enable },
      },
    ];
  }
  function ending(): Notice[] {
    if (!endsSoon.value) return [];
    const words = t("frame.ends", { span: span(left.value, chinese.value) });
    return [{ key: "ends", level: "warn", words, button: goOn.value }];
  }
  const problem = (one: Problem): Notice => ({
    key: one.code + one.message_en,
    level: one.aloud ? "bad" : "warn",
    words: pick(one.message_zh, one.message_en),
    link: one.aloud ? { words: t("letter.go"), to: "/rejected" } : undefined,
  });
  /** A session that use can't make longer has reached its 24 hours. */
  const goOn = computed(() => ({ words: t("frame.goOn"), act: renew }));
  async function renew(): Promise<void> {
    await refresh();
    if (endsSoon.value) renewing.value = true;
  }
  function unchecked(): Notice[] {
    if (!connected.value || !canary.value?.late) return [];
    return [{ key: "canary", level: "warn", words: t("frame.canaryLate") }];
  }

  return computed<Notice[]>(() => {
    const problems = (health.value?.problems ?? []).map(problem);
    const bad = problems.filter((one) => one.level === "bad");
    const warn = problems.filter((one) => one.level === "warn");
    return [...lost(), ...bad, ...silent(), ...ending(), ...warn, ...unchecked()];
  });
}
