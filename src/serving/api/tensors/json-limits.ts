/** Limits of JSON that hold before anything is made of it. */
import { brokenLimit } from "../../../json.ts";
import { ApiError } from "../errors.ts";

/** Lists and objects within each other. */
const DEEPEST = 64;
/** Values of all kinds: as many as 27 pictures of 224×224 pixels in colour have. Bytes after the JSON have no such limit. */
const MOST = 1 << 22;

/** Throws an `ApiError` (400, 413) for JSON that is too deep or has too many values. */
export function checkJson(bytes: Uint8Array): void {
  const limit = brokenLimit(bytes, { deepest: DEEPEST, most: MOST });
  if (limit === "deepest") throw tooDeep();
  if (limit === "most") throw tooMany();
}

const tooDeep = (): ApiError =>
  new ApiError(
    400,
    `body: expected JSON of at most ${DEEPEST} levels but it is deeper.`,
    "See the form of requests in /docs.",
  );

const tooMany = (): ApiError =>
  new ApiError(
    413,
    `body: expected JSON of at most ${MOST} values but it has more.`,
    "Send the elements as bytes after the JSON, with a binary_data_size.",
  );
