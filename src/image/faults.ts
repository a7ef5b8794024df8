/** What is said of files that cannot be decoded. */
import { messageOf, UserError } from "../errors.ts";
import { isCutOff } from "./formats/cut-off.ts";
import { Damaged, otherKind, UnreadKind } from "./formats/refusals.ts";
import { formatOf, MAX_PIXELS } from "./formats/sniff.ts";
import { headerOf } from "./header.ts";

const READ = "JPEG, PNG, WebP, AVIF, TIFF, BMP, PPM or GIF";
const USE_A_PICTURE = "Use a picture that other programs can open, or remove the file.";

/** Throws what is to be said of bytes that begin like no picture. */
export function noPicture(bytes: Uint8Array, name: string): never {
  const kind = otherKind(bytes);
  if (kind) throw unread(name, { kind, expected: `a ${READ} picture` });
  const start = Buffer.from(bytes.subarray(0, 4)).toString("hex");
  const received = start === "" ? "it is empty" : `it begins with the bytes ${start}`;
  throw new UserError(`${name}: expected a ${READ} picture but ${received}.`, USE_A_PICTURE);
}

const unread = (name: string, { kind, expected }: { kind: UnreadKind; expected: string }): UserError =>
  new UserError(`${name}: expected ${expected} but it is ${kind.message}.`, kind.hint, { cause: kind });

/**
 * What is to be said of a picture whose decoding failed with `error`. The reason is found in the bytes where it can be:
 * the decoder has one buffer for the messages of all threads, so that what it says may be of another picture.
 */
export async function undecodable(bytes: Uint8Array, name: string, error: unknown): Promise<UserError> {
  const cause = { cause: error };
  const { width, height } = await headerOf(bytes).catch(() => ({ width: 0, height: 0 }));
  if (width * height > MAX_PIXELS) {
    const most = `a picture of at most ${Math.floor(MAX_PIXELS / 1e6)} megapixels`;
    return new UserError(
      `${name}: expected ${most} but its header says ${width}×${height}.`,
      "Make it smaller.",
      cause,
    );
  }
  if (error instanceof UnreadKind) return unread(name, { kind: error, expected: "a picture of a usual kind" });
  const format = formatOf(bytes);
  if (format !== undefined && isCutOff(bytes, format)) {
    return new UserError(`${name}: expected a whole picture but the file is cut off.`, "Copy it again.", cause);
  }
  const own =
    error instanceof Damaged || format === "bmp" || format === "pnm" || format === "gif"
      ? ` (${messageOf(error)})`
      : "";
  return new UserError(`${name}: expected a whole picture but it is damaged${own}.`, USE_A_PICTURE, cause);
}
