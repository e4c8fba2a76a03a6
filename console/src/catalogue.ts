/** What the rules say of themselves; asked once. */
import { get } from "./api";
import { pick } from "./i18n";

interface Catalogue {
  rules: { name: string; about_zh: string; about_en: string }[];
}
let asked: Promise<Catalogue> | null = null;

export async function ruleText(rule: string): Promise<string> {
  asked ??= get<Catalogue>("/catalogue");
  const found = (await asked).rules.find((one) => one.name === rule);
  return found ? pick(found.about_zh, found.about_en) : "";
}
