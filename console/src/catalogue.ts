/** What the rules say of themselves; asked once. */
import { get } from "./api";

export interface Rule {
  name: string;
  about_zh?: string;
  about_en?: string;
  about?: string; // until A has landed
}
let asked: Promise<{ rules: Rule[] }> | null = null;

export async function rule(name: string): Promise<Rule | null> {
  asked ??= get<{ rules: Rule[] }>("/catalogue").catch((error: unknown) => {
    asked = null; // asked again the next time
    throw error;
  });
  return (await asked).rules.find((one) => one.name === name) ?? null;
}
