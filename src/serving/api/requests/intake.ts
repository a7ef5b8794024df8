/** How much of what clients send is held at once: requests of each client, and the bytes of all bodies. */
import { ApiError, RETRY } from "../errors.ts";

/** Bounds of an intake. */
export interface IntakeLimits {
  /** Requests of one client that are on their way at once, from their heads to their answers. */
  readonly perClient: number;
  /** Bytes of one body at most. */
  readonly maxBody: number;
}

/** A request on its way. */
export interface Arrival {
  /** Counts bytes that were received; an `ApiError` of status 429 where all bodies together are too many. */
  hold(bytes: number): void;
  /** Lets go of all; to be called in any case. */
  leave(): void;
}

/** Counts what is on its way. */
export interface Intake {
  /** Lets in a request of the client with that address; an `ApiError` of status 429 where it has too many. */
  enter(client: string): Arrival;
}

/** Bytes of all bodies on their way; two of the largest fit in any case. */
const MOST_BYTES = 256 * 2 ** 20;

/** An intake of nothing. One client holds half of the bytes at most, so that there is always room for another. */
export function createIntake({ perClient, maxBody }: IntakeLimits, mostBytes = MOST_BYTES): Intake {
  const most = Math.max(mostBytes, 2 * maxBody);
  const clients = new Map<string, { requests: number; bytes: number }>();
  let all = 0;
  return {
    enter(address) {
      const client = clients.get(address) ?? { requests: 0, bytes: 0 };
      if (perClient <= client.requests) throw tooManyRequests(perClient);
      clients.set(address, client);
      client.requests++;
      let [own, isHere] = [0, true];
      return {
        hold(bytes) {
          if (most < all + bytes || most / 2 < client.bytes + bytes) throw tooManyBytes();
          own += bytes;
          client.bytes += bytes;
          all += bytes;
        },
        leave() {
          if (!isHere) return;
          isHere = false;
          all -= own;
          client.bytes -= own;
          client.requests--;
          if (client.requests === 0) clients.delete(address);
        },
      };
    },
  };
}

const tooManyRequests = (most: number): ApiError =>
  new ApiError(
    429,
    `expected at most ${most} requests of one address on their way but there are more.`,
    "Wait for their answers, or start the server with a larger --max-client.",
    RETRY,
  );

const tooManyBytes = (): ApiError =>
  new ApiError(429, "body: expected room for it but the server holds too much already.", "Try again later.", RETRY);
