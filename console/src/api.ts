/** The API as typed calls. A refusal is an ApiError with the server's own words, in the page's language. */
import { i18n, pick } from "./i18n";
import type { ErrorTold } from "./types";

const PATIENCE = 15_000; // ms: a browser has six connections to a server, and one that hangs is one less

export class ApiError extends Error {
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(
    readonly status: number,
    told: Partial<ErrorTold>,
    otherwise: string,
  ) {
    super(told.message ?? otherwise);
    this.code = told.code ?? "error";
    this.details = told.details ?? {};
    const { message_zh: zh = this.message, message_en: en = this.message } = told; // a proxy has no words of ours
    Object.defineProperty(this, "message", { get: () => pick(zh, en) });
  }
}

/** No answer came: nobody knows whether what was asked has been done. */
export class NoAnswer extends Error {
  constructor(cause: unknown) {
    super("", { cause });
    Object.defineProperty(this, "message", { get: () => i18n.global.t("wire.noAnswer") });
  }
}

let onUnauthorised = () => {};
export const whenUnauthorised = (action: () => void) => {
  onUnauthorised = action;
};

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { "X-Shouwang": "1" };
  const file = body instanceof Blob;
  if (body !== undefined && !file) headers["Content-Type"] = "application/json";
  const asked = { method, headers, body: body === undefined || file ? body : JSON.stringify(body) };
  const signal = AbortSignal.timeout(PATIENCE);
  const response = await fetch(`/api/v1${path}`, { ...asked, signal }).catch(noAnswer);
  if (response.status === 204) return undefined as T;
  if (response.ok) return (await response.json().catch(noAnswer)) as T; // one that breaks off is none
  if (response.status === 401 && path !== "/login") onUnauthorised();
  const answer = await response.json().catch(() => ({}));
  throw new ApiError(response.status, answer.error ?? {}, response.statusText);
}
function noAnswer(cause: unknown): never {
  throw new NoAnswer(cause);
}

export const get = <T>(path: string, query: Record<string, string | number | boolean | null | undefined> = {}) => {
  const set = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(set.map(([key, value]) => [key, String(value)])).toString();
  return call<T>("GET", text ? `${path}?${text}` : path);
};
export const remove = <T>(path: string) => call<T>("DELETE", path);
export const post = <T>(path: string, body: unknown = {}) => call<T>("POST", path, body);
export const put = <T>(path: string, body: unknown) => call<T>("PUT", path, body);
export const putFile = (path: string, file: Blob) => call<void>("PUT", path, file);
