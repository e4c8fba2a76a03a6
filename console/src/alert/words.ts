/** How long ago something was, by the server's clock. */
import { span } from "../format";
import { chinese, i18n } from "../i18n";
import { now } from "../stream";

export const since = (iso: string) => span(now.value - Date.parse(iso), chinese.value);
export const ago = (iso: string) => i18n.global.t("homePage.age", { span: since(iso) });
