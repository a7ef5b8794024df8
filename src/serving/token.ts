/** Secrets that clients send. */
import { createHash, timingSafeEqual } from "node:crypto";

const hash = (text: string): Buffer => createHash("sha256").update(text).digest();

/** A check whether what was given is the token; it takes the same time whatever was given. */
export function tokenCheck(token: string): (given: string | undefined) => boolean {
  const expected = hash(token);
  return (given) => timingSafeEqual(hash(given ?? ""), expected) && given !== undefined;
}

/** The token of a header `Authorization: Bearer TOKEN`; undefined for another header, or none. */
export const bearerOf = (header: string | undefined): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1];
