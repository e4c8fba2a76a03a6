/** Who is logged in, until when, and whether that is over. */
import { computed, ref } from "vue";
import { get, post } from "./api";
import { heardTime, now } from "./clock";
import { setZone } from "./format";
import type { Account, Permission } from "./types";

const WARN_BEFORE = 15 * 60_000; // ms
export const account = ref<Account | null>(null);
/** It ended while its pages are open: the login form comes over them, and they stay as they are. */
export const over = ref(false);
/** The operator logs in again before the end, because 24 h are the most. */
export const renewing = ref(false);
/** How often somebody has logged in here: the stream belongs to a session. */
export const logins = ref(0);
const end = ref<number | null>(null);
export const left = computed(() => (end.value === null ? Infinity : end.value - now.value));
export const endsSoon = computed(() => !over.value && left.value < WARN_BEFORE);

/** Whether the one who is logged in may do it. Only what is shown: the server decides by itself. */
export const may = (permission: Permission): boolean => account.value?.permissions.includes(permission) ?? false;
/** What the server has just said of the end. */
export function endsAt(iso: string | undefined): void {
  end.value = iso ? Date.parse(iso) : null;
}
function known(me: Account): void {
  if (account.value && account.value.id !== me.id) {
    location.reload(); // somebody else: nothing of the one before stays on the screen
    return;
  }
  account.value = me;
  over.value = renewing.value = false;
  setZone(me.zone);
  heardTime(me.now);
  endsAt(me.session_ends_at);
}
/** Ask the server who this is: renews the session, and tells when it is over (401). */
export async function refresh(): Promise<void> {
  known(await get<Account>("/me"));
}
export async function restore(): Promise<Account | null> {
  if (!account.value) await refresh().catch(() => undefined);
  return account.value;
}
export async function login(username: string, password: string): Promise<void> {
  known((await post<{ account: Account }>("/login", { username, password })).account);
  logins.value += 1;
}
export async function logout(): Promise<void> {
  await post("/logout").catch(() => undefined);
  location.assign("/login"); // afresh: nothing of this person stays in memory
}
