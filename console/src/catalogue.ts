/** What the rules say of themselves; asked once. */
import { get } from "./api";
import type { Catalogue } from "./types";

export type Rule = Catalogue["rules"][number];
let asked: Promise<Catalogue> | null = null;

export async function rule(name: string): Promise<Rule | null> {
  asked ??= get<Catalogue>("/catalogue").catch((error: unknown) => {
    asked = null; // asked again the next time
    throw error;
  });
  return (await asked).rules.find((one) => one.name === name) ?? null;
}
