/** What is half typed, by alert: a look at another page, or a colleague's step, costs nobody a word. */
import { reactive } from "vue";
import type { Disposition } from "../types";

export interface Draft {
  note: string;
  disposition: Disposition | "";
}
const MOST = 200; // a page that stays open must not grow for ever; of the newest alerts somebody may still be thinking
const drafts = new Map<number, Draft>();

/** The draft of an alert, empty at first; of the oldest ones what was half typed is forgotten. */
export function draftFor(alert: number): Draft {
  const draft = drafts.get(alert) ?? reactive<Draft>({ note: "", disposition: "" });
  drafts.delete(alert);
  drafts.set(alert, draft);
  for (const oldest of drafts.keys()) {
    if (drafts.size <= MOST) break;
    drafts.delete(oldest);
  }
  return draft;
}
