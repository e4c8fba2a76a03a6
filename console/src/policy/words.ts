/** A rule's values in words. */
import { i18n, pick } from "../i18n";
import "./i18n";
import type { RuleValue } from "../types";

export const SWITCH = "on";
const CHINESE: Record<string, string> = { min: "分钟", h: "小时", "o'clock": "点", "/min": "次/分" };
const t = (key: string, named: Record<string, unknown> = {}): string => i18n.global.t(key, named);

/** "12 h", "on". */
export function shown(of: { field: string; unit: string }, value: number): string {
  if (of.field === SWITCH) return t(value ? "policy.on" : "policy.off");
  return `${value} ${unit(of)}`.trim();
}

/** The unit in the page's language. */
export const unit = (of: { unit: string }): string => pick(CHINESE[of.unit] ?? of.unit, of.unit);

/** Where the value that holds comes from. */
export function origin(value: RuleValue): string {
  const last = value.steps.at(-1)!;
  if (last.origin === "area") return t("policy.origin.area", { area: last.setting?.area ?? "" });
  if (last.origin === "assessment") return `${t("policy.origin.assessment")} · ${last.source}`;
  return t(`policy.origin.${last.origin}`);
}

/** The bounds, and the standard that they come from. */
export function bounds(value: RuleValue): string {
  const source = value.source ? pick(`（${value.source}）`, ` (${value.source})`) : "";
  return t("policy.bounds", { least: value.least, most: value.most, unit: unit(value), source });
}

/** Whether the rule would judge later, or not at all, than it does without what is set for this very home. */
export function isQuieter(value: RuleValue, wish: number): boolean {
  const around = value.steps.filter((step) => step.origin !== "home").at(-1)!.value;
  return value.sooner === "lower" ? wish > around : wish < around;
}
