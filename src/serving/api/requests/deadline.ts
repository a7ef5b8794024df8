/** An end to work that nobody waits for any more. */
import { ApiError } from "../errors.ts";

/** Milliseconds that a request may take, and its client's signal, which aborts when the client has gone. */
export interface Patience {
  readonly timeoutMs: number;
  readonly client: AbortSignal;
}

/** Does `work`, whose signal aborts after `timeoutMs` or when the client has gone; then the reason is thrown at once. */
export async function withDeadline<T>(
  { timeoutMs, client }: Patience,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const gone = (): void => controller.abort(client.reason);
  const timer = setTimeout(() => controller.abort(late(timeoutMs)), timeoutMs);
  client.addEventListener("abort", gone, { once: true });
  try {
    return await Promise.race([
      work(signal),
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
    ]);
  } finally {
    clearTimeout(timer);
    client.removeEventListener("abort", gone);
  }
}

const late = (timeoutMs: number): ApiError =>
  new ApiError(504, `expected an answer within ${timeoutMs / 1000} s but it is not there yet.`, "Try again later.");
