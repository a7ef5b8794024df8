/** Small pictures of all formats, kinds and damages: each is Pillow's pixels, or an error. */
import { describe, expect, test } from "vitest";
import { decodeImage, type Image, readHeader } from "../../src/image/index.ts";
import { CORPUS, type CorpusPicture, digest, INTENDED } from "./picture-corpus.ts";
import { REFUSED } from "./pictures-refused.ts";

const bytesOf = ({ file }: CorpusPicture): Buffer => Buffer.from(file, "base64");
const isIntended = ({ name }: CorpusPicture): boolean => INTENDED.some(([pattern]) => pattern.test(name));

type Options = Parameters<typeof decodeImage>[1];

/** The picture, or the message of a `UserError`; any other error fails. */
async function decoded(picture: CorpusPicture, options?: Options): Promise<Image | string> {
  try {
    return await decodeImage(bytesOf(picture), { clipSixteenBits: true, name: "it", ...options });
  } catch (error) {
    if (error instanceof Error && error.name === "UserError") return error.message;
    throw new Error(`${picture.name}: no UserError`, { cause: error });
  }
}

const told = (image: Image | string): string =>
  typeof image === "string" ? "an error" : `${image.width}×${image.height} ${digest(image.data)}`;

/** What ocelli makes of a picture where that is not Pillow's answer: as stored, as grey, turned. */
async function differences(picture: CorpusPicture): Promise<string[]> {
  const { name, width, height, rgb, grey, turned, error } = picture;
  const size = `${width}×${height}`;
  const upright = turned ?? { width, height, rgb };
  const routes: readonly (readonly [string, Options, string])[] = [
    ["as stored", { orient: false }, `${size} ${rgb}`],
    ["as grey", { orient: false, channels: 1 }, `${size} ${grey}`],
    ["turned", {}, `${upright.width}×${upright.height} ${upright.rgb}`],
  ];
  const found = await Promise.all(
    routes.map(async ([route, options, expected]) => {
      const own = told(await decoded(picture, options));
      if (own === "an error") return [];
      return own === expected && !error ? [] : [`${name}, ${route}: expected ${error ?? expected} but found ${own}`];
    }),
  );
  return found.flat();
}

describe("the corpus of pictures", () => {
  test("no picture differs from Pillow's in silence, but for those intended", async () => {
    expect(CORPUS.length).toBeGreaterThan(1000);
    const found: string[] = [];
    for (const picture of CORPUS) if (!isIntended(picture)) found.push(...(await differences(picture)));
    expect(found).toEqual([]);
  });

  test("what Pillow reads and ocelli does not is what the list says", async () => {
    const refused: string[] = [];
    for (const picture of CORPUS) {
      if (!picture.error && typeof (await decoded(picture)) === "string") refused.push(picture.name);
    }
    expect(refused).toEqual(REFUSED);
  });

  test("an area has the pixels of the whole picture, or is an error with it", async () => {
    const box = { left: 2, top: 1, width: 3, height: 2 };
    const rows = (image: Image, y: number): Uint8Array => {
      const start = 3 * ((box.top + y) * image.width + box.left);
      return image.data.subarray(start, start + 3 * box.width);
    };
    const found: string[] = [];
    for (const picture of CORPUS.filter(({ name }) => /JPEG|MPO|XMP/.test(name))) {
      const [whole, part] = [await decoded(picture), await decoded(picture, { area: () => box })];
      if (typeof whole === "string") expect([picture.name, typeof part]).toEqual([picture.name, "string"]);
      else if (whole.width >= 5 && whole.height >= 3) {
        const expected = Buffer.concat([rows(whole, 0), rows(whole, 1)]);
        if (typeof part === "string" || !expected.equals(part.data)) found.push(picture.name);
      }
    }
    expect(found).toEqual([]);
  });

  test("headers have the size that decoding gives", async () => {
    const found: string[] = [];
    for (const picture of CORPUS) {
      const image = await decoded(picture, {});
      if (typeof image === "string") continue;
      const { width, height, orientation } = await readHeader(bytesOf(picture));
      const turned = orientation > 4;
      if ((turned ? height : width) !== image.width || (turned ? width : height) !== image.height) {
        found.push(picture.name);
      }
    }
    expect(found).toEqual([]);
  });

  test("AVIF: Pillow's brightness, and its pixels where chroma is not enlarged", async () => {
    const named = (name: string): CorpusPicture => CORPUS.find((picture) => picture.name === name) as CorpusPicture;
    const largest = (image: Image | string, expected = ""): number => {
      if (typeof image === "string") throw new Error(image);
      return Math.max(...Buffer.from(expected, "base64").map((value, i) => Math.abs(value - (image.data[i] ?? 999))));
    };
    for (const name of ["AVIF 4:4:4", "AVIF full quality", "AVIF L", "AVIF 4:0:0"]) {
      expect(largest(await decoded(named(name)), named(name).rgb), name).toBeLessThanOrEqual(1);
    }
    for (const name of ["AVIF RGB", "AVIF 4:2:2", "AVIF RGBA", "AVIF limited range"]) {
      expect(largest(await decoded(named(name), { channels: 1 }), named(name).grey), name).toBeLessThanOrEqual(11);
    }
    for (const [name, width, height] of [
      ["EXIF 6, AVIF", 14, 21],
      ["irot or imir 5, AVIF", 14, 21],
      ["EXIF 3, AVIF", 21, 14],
    ] as const) {
      expect(await decoded(named(name)), name).toMatchObject({ width, height });
    }
  });
});

describe("what is refused is named", () => {
  test.each([
    ["JPEG of 12 bits, extended", "a JPEG of 12 bits per channel"],
    ["JPEG lossless", "a lossless JPEG"],
    ["JPEG arithmetic", "a JPEG with arithmetic coding"],
    ["TIFF, Pillow's zstd, RGB", "a TIFF compressed by Zstandard"],
    ["TIFF, Pillow's lzma, RGB", "a TIFF compressed by LZMA"],
    ["TIFF CMYK of 16 bits<", "a TIFF of CMYK in 4 channels of 16 bits"],
    ["HEIC", "a HEIC picture"],
    ["JPEG XL", "a JPEG XL picture"],
    ["PSD", "a Photoshop file"],
    ["SVG with a declaration", "an SVG drawing"],
    ["a page", "a page of the web"],
    ["PDF", "a PDF file"],
    ["ICO", "an icon (ICO)"],
    ["TIFF a strip beyond the end", "it is damaged (it ends too early)"],
  ])("%s", async (name, expected) => {
    const picture = CORPUS.find((one) => one.name === name) as CorpusPicture;
    expect(await decoded(picture)).toContain(expected);
  });
});
