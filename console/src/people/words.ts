/** What assessments say, in words. The items of self-care are those of 特困人员认定办法 (民发〔2021〕43号), article 28. */
import { i18n } from "../i18n";
import type { Person } from "../types";

export const ITEMS = ["eat", "dress", "bed", "toilet", "walk", "bathe"] as const;
export const LEVELS = [0, 1, 2, 3, 4] as const;

const on = (date: string | null) => (date ? i18n.global.t("person.assessed", { date }) : "");

/** The level by GB/T 42195-2022, and when it was found. */
export function abilityOf(person: Person): string {
  return person.ability === null ? "" : `${i18n.global.t(`person.ability.${person.ability}`)}${on(person.ability_on)}`;
}
/** What somebody needs help with. */
export function lostOf(person: Person): string {
  const lost = ITEMS.filter((_, index) => person.self_care?.[index] === false);
  return lost.map((item) => i18n.global.t(`person.items.${item}`)).join(i18n.global.t("person.comma"));
}
/** None lost is 全自理, up to three 半自理, more 全护理 (article 29). */
export function selfCareOf(person: Person): string {
  const lost = person.self_care?.filter((able) => !able).length ?? 0;
  return `${i18n.global.t(`person.selfCare.${lost === 0 ? "all" : lost <= 3 ? "partly" : "none"}`)}${on(person.self_care_on)}`;
}
/** How long the agreement with the carer holds. */
export function until(person: Person): string {
  return person.carer_until ? i18n.global.t("person.until", { date: person.carer_until }) : "";
}
