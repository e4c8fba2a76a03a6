/** What is half typed, by alert: a look at another page, or a colleague's step, costs nobody a word. */
import type { Disposition } from "../types";

export interface Draft {
  note: string;
  disposition: Disposition | "";
}
export const drafts = new Map<number, Draft>();
