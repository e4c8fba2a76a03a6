/** What assessments say, in words. The items of self-care are those of 特困人员认定办法 (民发〔2021〕43号), article 28. */
import { ApiError } from "../api";
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

const LABELS: Record<string, string> = {
  address: "edit.address",
  key_place: "edit.key",
  dog: "door.dog",
  latitude: "edit.latitude",
  longitude: "edit.longitude",
  name: "edit.name",
  born: "edit.born",
  language: "edit.language",
  phones: "edit.phones",
  phone: "edit.phone",
  other_phones: "edit.others",
  role: "edit.role",
  relation: "edit.relation",
  hours: "edit.hours",
  illnesses: "person.illnesses",
  medication: "person.medication",
  note: "edit.note",
  ability_on: "edit.assessedOn",
  self_care_on: "edit.assessedOn",
  categories: "edit.categories",
  carer: "edit.carer",
  carer_since: "edit.since",
  carer_until: "edit.until",
};
/** Why the form was not taken; where the server names fields by their place, as the form calls them. */
export function refusal(error: unknown): string {
  const errors = (error instanceof ApiError && (error.details.errors as { where: string }[] | undefined)) || [];
  const places = errors.map(({ where }) => where.split(".")).filter(([first]) => first === "body");
  const names = places.map((parts) => parts.findLast((part) => part in LABELS)).filter((name) => name !== undefined);
  const labels = [...new Set(names)].map((name) => i18n.global.t(LABELS[name]));
  return [(error as Error).message, labels.join(i18n.global.t("person.comma"))]
    .filter(Boolean)
    .join(i18n.global.t("edit.colon"));
}
