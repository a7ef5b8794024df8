/** An end to work that nobody waits for any more. */

/** How long somebody waits. */
export interface Patience {
  /** Milliseconds that the work may take. */
  readonly timeoutMs: number;
  /** What is thrown where it takes longer. */
  readonly late: () => Error;
  /** Aborts when the client has gone. */
  readonly client?: AbortSignal;
}

/** Does `work`, whose signal aborts after `timeoutMs` or when the client has gone; then the reason is thrown at once. */
export async function withDeadline<T>(
  { timeoutMs, late, client }: Patience,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const gone = (): void => controller.abort(client?.reason);
  const timer = setTimeout(() => controller.abort(late()), timeoutMs);
  client?.addEventListener("abort", gone, { once: true });
  try {
    return await Promise.race([
      work(signal),
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
    ]);
  } finally {
    clearTimeout(timer);
    client?.removeEventListener("abort", gone);
  }
}
