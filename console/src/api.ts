/** The API as typed calls. A refusal is an ApiError with the server's own words. */
export class ApiError extends Error {
  constructor(
    public status: number,
    public code: string,
    message: string,
    public details: Record<string, unknown>,
  ) {
    super(message);
  }
}

let onUnauthorised = () => {};
export const whenUnauthorised = (action: () => void) => {
  onUnauthorised = action;
};

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { "X-Shouwang": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.status === 204) return undefined as T;
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer as T;
  if (response.status === 401 && path !== "/login") onUnauthorised();
  const error = answer.error ?? {};
  throw new ApiError(response.status, error.code ?? "error", error.message ?? response.statusText, error.details ?? {});
}

export const get = <T>(path: string, query: Record<string, string | number | boolean | null | undefined> = {}) => {
  const set = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(set.map(([key, value]) => [key, String(value)])).toString();
  return call<T>("GET", text ? `${path}?${text}` : path);
};
export const remove = <T>(path: string) => call<T>("DELETE", path);
export const post = <T>(path: string, body: unknown = {}) => call<T>("POST", path, body);
