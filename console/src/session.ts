/** Who is logged in. */
import { ref } from "vue";
import { get, post } from "./api";
import type { Account } from "./types";

export const account = ref<Account | null>(null);

export async function restore(): Promise<Account | null> {
  if (!account.value) account.value = await get<Account>("/me").catch(() => null);
  return account.value;
}
export async function login(username: string, password: string): Promise<void> {
  account.value = (await post<{ account: Account }>("/login", { username, password })).account;
}
export async function logout(): Promise<void> {
  await post("/logout").catch(() => undefined);
  account.value = null;
}
