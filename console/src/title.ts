/** The window's title, and where the focus goes when another page comes. */
import { computed, nextTick, watch } from "vue";
import { useI18n } from "vue-i18n";
import { useRoute, useRouter } from "vue-router";
import { unanswered } from "./alerts";
import { say } from "./reading";
import { may, over } from "./session";
import { lostSince } from "./stream";

const PATIENCE = 3000; // ms for a page to bring its heading; it may have to be loaded first

export function usePageTitle(): void {
  const { t } = useI18n();
  const route = useRoute();
  const page = computed(() => (over.value ? t("frame.overTitle") : t(`frame.page.${String(route.name ?? "board")}`)));
  const mark = computed(() => {
    if (over.value || lostSince.value !== null) return "(!) ";
    const waiting = may("alerts.read") ? unanswered.value.length : 0;
    return waiting ? `(${waiting}) ` : "";
  });
  watch([page, mark], () => (document.title = `${mark.value}${page.value} · ${t("app")}`), { immediate: true });
  useRouter().afterEach(async (to, from) => {
    await nextTick();
    if (!from.matched.length || from.name === "login" || to.path === from.path) return; // it is the first page
    say(page.value);
    if (to.name !== "board") await toHeading(); // there the focus is the board's own affair
  });
}

/** Focus the page's heading as soon as it has one, unless the operator has gone somewhere else meanwhile. */
async function toHeading(): Promise<void> {
  const main = document.getElementById("main");
  main?.focus({ preventScroll: true });
  const end = performance.now() + PATIENCE;
  while (main && document.activeElement === main && performance.now() < end) {
    const heading = main.querySelector<HTMLElement>("h1");
    if (heading) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
      return;
    }
    await new Promise((go) => setTimeout(go, 50));
  }
}
