/** What went wrong, in the operator's language. */
import { ApiError } from "../api";
import { i18n } from "../i18n";

export function wordsOf(error: unknown): string {
  const { t } = i18n.global;
  if (!(error instanceof ApiError)) return t("lists.unreachable");
  if (error.status === 401) return t("lists.loggedOut");
  if (error.status === 422) return t("lists.notAsked");
  if (error.status >= 500) return t("lists.serverFailed");
  return error.message;
}
