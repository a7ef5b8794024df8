/** An end to work on pictures that take too long. */
import { withDeadline } from "../../deadline.ts";
import { StatusError } from "../status-error.ts";

/** Seconds that a picture may take, its place in the line included. */
const PATIENCE = 60;

/** Does `work`, whose signal aborts when it has taken too long, or when `client` does; the reason is then thrown. */
export function withPatience<T>(
  work: (signal: AbortSignal) => Promise<T>,
  client?: AbortSignal,
  seconds = PATIENCE,
): Promise<T> {
  const message = `picture: expected one that can be read within ${seconds} s but it takes longer.`;
  const late = (): Error => new StatusError(413, message, "Make it smaller.");
  return withDeadline({ timeoutMs: 1000 * seconds, late, client }, work);
}
