import { createI18n } from "vue-i18n";
import { computed, watchEffect } from "vue";
import { en } from "./en";
import { zh } from "./zh";

export const i18n = createI18n({
  legacy: false,
  locale: localStorage.getItem("language") ?? "zh",
  fallbackLocale: "zh",
  messages: { zh, en },
});
export const chinese = computed(() => i18n.global.locale.value === "zh");
watchEffect(() => (document.documentElement.lang = chinese.value ? "zh-CN" : "en"));
export function toggleLanguage(): void {
  i18n.global.locale.value = chinese.value ? "en" : "zh";
  localStorage.setItem("language", i18n.global.locale.value);
}
/** The zh or en half of something the API says in both languages. */
export const pick = (zhText: string | null | undefined, enText: string | null | undefined) =>
  (chinese.value ? zhText : enText) ?? "";
