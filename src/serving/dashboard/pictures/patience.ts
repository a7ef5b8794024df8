/** An end to work on pictures that take too long. */
import { StatusError } from "../status-error.ts";

/** Seconds that a picture may take, its place in the line included. */
const PATIENCE = 60;

/** Does `work`, whose signal aborts when it has taken too long, or when `client` does; the reason is then thrown. */
export async function withPatience<T>(
  work: (signal: AbortSignal) => Promise<T>,
  client?: AbortSignal,
  seconds = PATIENCE,
): Promise<T> {
  const control = new AbortController();
  const message = `picture: expected one that can be read within ${seconds} s but it takes longer.`;
  const late = (): void => control.abort(new StatusError(413, message, "Make it smaller."));
  const timer = setTimeout(late, 1000 * seconds);
  const gone = (): void => control.abort(client?.reason);
  client?.addEventListener("abort", gone, { once: true });
  try {
    return await work(control.signal);
  } finally {
    clearTimeout(timer);
    client?.removeEventListener("abort", gone);
  }
}
