/** What makes a rule quieter somewhere in one's area, looked at again now and then: it has its place on the board. */
import { ref } from "vue";
import { get } from "./api";
import { may } from "./session";
import type { Setting } from "./types";

export const EVERY = 60_000; // ms
export const quieter = ref<Setting[]>([]);
export const read = ref(false); // there has been an answer

export const seesQuieter = (): boolean => may("homes.read") && may("people.health");

/** Reads the list; one that can't be read stays as it was, for the board says itself that the connection is lost. */
export async function readQuieter(): Promise<void> {
  if (!seesQuieter()) return;
  const answer = await get<{ items: Setting[] }>("/policy/quieter").catch(() => null);
  if (!answer) return;
  quieter.value = answer.items;
  read.value = true;
}
