/** What the rules say of themselves; asked once. */
import { get } from "./api";

interface Catalogue {
  rules: { name: string; about: string }[];
}
let asked: Promise<Catalogue> | null = null;

export async function ruleText(rule: string): Promise<string> {
  asked ??= get<Catalogue>("/catalogue");
  const found = (await asked).rules.find((one) => one.name === rule);
  return found?.about ?? "";
}
