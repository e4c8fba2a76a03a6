import { createI18n } from "vue-i18n";
import { computed, watchEffect } from "vue";
import { zh } from "./zh";

export const i18n = createI18n({
  legacy: false,
  locale: "zh",
  fallbackLocale: "zh",
  messages: { zh, en: {} as typeof zh }, // English comes over the wire when somebody wants it
});
export const chinese = computed(() => i18n.global.locale.value === "zh");
watchEffect(() => (document.documentElement.lang = chinese.value ? "zh-CN" : "en"));

/** Takes in the words that come with a page. */
export function add(words: object, english: object): void {
  i18n.global.mergeLocaleMessage("zh", words);
  i18n.global.mergeLocaleMessage("en", english);
}

/** The page in the language that this browser was last set to; in Chinese where the other can't be fetched. */
export const speak = () => use(localStorage.getItem("language") === "en" ? "en" : "zh").catch(() => undefined);
export async function toggleLanguage(): Promise<void> {
  const wanted = chinese.value ? "en" : "zh";
  await use(wanted);
  localStorage.setItem("language", wanted);
}
async function use(language: "zh" | "en"): Promise<void> {
  if (language === "en") i18n.global.mergeLocaleMessage("en", (await import("./en")).en);
  i18n.global.locale.value = language;
}
/** The zh or en half of something the API says in both languages. */
export const pick = (zhText: string | null | undefined, enText: string | null | undefined) =>
  (chinese.value ? zhText : enText) ?? "";
