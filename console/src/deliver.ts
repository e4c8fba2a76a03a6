/** Whether a step reached the server. Whoever acts must know at once when it did not, never wait and hope. */
import { ApiError } from "./api";
import { lostSince } from "./stream";

const PATIENCE_MS = 5000;
const NO_PATIENCE_MS = 1000; // the connection is known to be down
export class Undelivered extends Error {}

/**
 * The answer to a request, or `Undelivered`: the network failed, a gateway answered instead of the server, or it took too
 * long. What arrives after that is given to `late`: the step counts all the same.
 */
export function deliver<T>(request: Promise<T>, late?: (answer: T) => void): Promise<T> {
  const patience = lostSince.value === null ? PATIENCE_MS : NO_PATIENCE_MS;
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = window.setTimeout(() => {
      over = true;
      reject(new Undelivered("no answer"));
    }, patience);
    request
      .finally(() => window.clearTimeout(timer))
      .then(
        (answer) => (over ? late?.(answer) : resolve(answer)),
        (error: unknown) => reject(isRefusal(error) ? error : new Undelivered(String(error))),
      );
  });
}
const ASK_AGAIN = [401, 408, 429]; // logged out, too slow, too much: nothing was recorded, and later it may be
/** The server itself said no: asking again would bring the same answer. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status < 500 && !ASK_AGAIN.includes(error.status);
}
