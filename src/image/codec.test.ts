import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import golden from "../../tools/golden/pictures.json" with { type: "json" };
import { decodeImage, encodeJpeg, encodePng, type Image, renderSvg, type Size, withChannels } from "./index.ts";
import { crop } from "./transforms/crop.ts";

const bytesOf = (base64: string): Buffer => Buffer.from(base64, "base64");
const caseNamed = (name: string) => golden.find((one) => one.name === name)!;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ocelli-test-"));
  process.env.OCELLI_CACHE = join(folder, "cache");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("decodeImage gives Pillow's pixels", () => {
  test.each(golden)("$name", async ({ file, width, height, rgb, grey }) => {
    const colour = await decodeImage(bytesOf(file), { orient: false });
    expect(colour).toMatchObject({ width, height, channels: 3 });
    expect(Buffer.from(colour.data).equals(bytesOf(rgb))).toBe(true);
    const single = await decodeImage(bytesOf(file), { channels: 1, orient: false });
    expect(single).toMatchObject({ width, height, channels: 1 });
    expect(Buffer.from(single.data).equals(bytesOf(grey))).toBe(true);
  });
  test("a path as well as bytes", async () => {
    const { file, rgb } = caseNamed("RGB PNG");
    const path = join(folder, "picture.dat");
    await writeFile(path, bytesOf(file));
    expect(Buffer.from((await decodeImage(path)).data).equals(bytesOf(rgb))).toBe(true);
  });
  test("turned as its EXIF data says unless that is not wanted", async () => {
    const { file, width, height } = caseNamed("JPEG with EXIF orientation");
    expect(await decodeImage(bytesOf(file))).toMatchObject({ width: height, height: width });
  });
});

describe("an area", () => {
  const areas = [
    { left: 0, top: 0, width: 7, height: 7 },
    { left: 3, top: 2, width: 4, height: 1 },
    { left: 6, top: 6, width: 1, height: 1 },
  ];

  test.each(golden)("$name: the pixels of the whole picture", async ({ file }) => {
    for (const orient of [true, false]) {
      const whole = await decodeImage(bytesOf(file), { orient });
      for (const box of areas) {
        const sizes: Size[] = [];
        const area = (size: Size) => {
          sizes.push(size);
          return box;
        };
        expect(await decodeImage(bytesOf(file), { orient, area })).toEqual(crop(whole, box));
        expect(sizes).toMatchObject([{ width: whole.width, height: whole.height }]);
      }
    }
  });

  test("a JPEG that is cut off below it is refused all the same", async () => {
    const { file } = caseNamed("RGB JPEG");
    const area = () => ({ left: 0, top: 0, width: 1, height: 1 });
    await expect(decodeImage(bytesOf(file).subarray(0, -40), { area })).rejects.toThrow("the file is cut off");
    const data = Uint8Array.from({ length: 64 * 256 }, (_, index) => (index * 37) % 256);
    const tall = await encodeJpeg({ width: 64, height: 256, channels: 1, data });
    expect(await decodeImage(tall, { area })).toMatchObject({ width: 1, height: 1 });
    const cut = tall.subarray(0, tall.length >> 1);
    await expect(decodeImage(cut, { area })).rejects.toThrow("the file is cut off");
  });
});

/** A PNG whose header tells another size than it has. */
function pngOfSize(png: Uint8Array, width: number, height: number): Buffer {
  const changed = Buffer.from(png);
  changed.writeUInt32BE(width, 16);
  changed.writeUInt32BE(height, 20);
  changed.writeUInt32BE(crc32(changed.subarray(12, 29)), 29);
  return changed;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe("what is no picture is the user's to mend", () => {
  const png = bytesOf(caseNamed("RGB PNG").file);
  const jpeg = bytesOf(caseNamed("RGB JPEG").file);
  const flipped = Buffer.from(png);
  flipped[60]! ^= 1;
  test.each([
    ["nothing", Buffer.alloc(0), /it is empty/],
    ["text", Buffer.from("hello, world"), /begins with the bytes 68656c6c/],
    [
      "SVG",
      Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"),
      /expected a JPEG, PNG, WebP, AVIF, TIFF, BMP, PPM or GIF picture but it is an SVG drawing/,
    ],
    ["BMP", Buffer.from("BM\x00\x00\x00\x00"), /it is damaged/],
    ["a JPEG's beginning", jpeg.subarray(0, jpeg.length - 60), /the file is cut off/],
    ["a PNG's beginning", png.subarray(0, 60), /the file is cut off/],
    ["a PNG with a changed bit", flipped, /it is damaged/],
    ["a magic number alone", jpeg.subarray(0, 4), /the file is cut off/],
    ["a WebP's beginning", bytesOf(caseNamed("WebP").file).subarray(0, 100), /the file is cut off/],
    ["a GIF's beginning", bytesOf(caseNamed("GIF").file).subarray(0, 100), /the file is cut off/],
    [
      "a PNG of 40,000×40,000",
      pngOfSize(png, 40_000, 40_000),
      /at most 178 megapixels but its header says 40000×40000/,
    ],
  ])("%s", async (_, bytes, message) => {
    const decoding = decodeImage(bytes, { name: "upload 3" });
    await expect(decoding).rejects.toThrow(message);
    await expect(decoding).rejects.toThrow(/^upload 3: /);
    await expect(decoding).rejects.toHaveProperty("name", "UserError");
  });
  test("many at a time, each with its own reason", async () => {
    const cut = jpeg.subarray(0, jpeg.length - 60);
    const reasons = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const decoding = decodeImage([cut, flipped, pngOfSize(png, 40_000, 40_000)][i % 3] ?? cut);
        return decoding.then(String, (error: Error) => error.message);
      }),
    );
    const [one, two, three] = reasons;
    expect(reasons).toEqual(reasons.map((_, i) => [one, two, three][i % 3]));
    expect([one, two, three].map((reason) => reason?.split(" ").at(-1))).toEqual(["off.", "damaged.", "40000×40000."]);
  });
  test("a missing file and a folder", async () => {
    await expect(decodeImage(join(folder, "none.png"))).rejects.toThrow(
      /none\.png": expected a picture but it does not exist/,
    );
    await expect(decodeImage(folder)).rejects.toThrow(/cannot be read/);
  });
});

describe("encodePng", () => {
  const data = Uint8Array.from({ length: 4 * 3 * 3 }, (_, i) => (i * 37) % 256);
  test.each<Image>([
    { width: 4, height: 3, channels: 3, data },
    { width: 4, height: 9, channels: 1, data },
  ])("$channels channels come back", async (image) => {
    const png = await encodePng(image);
    const decoded = await decodeImage(png, { channels: image.channels });
    expect({ ...decoded, data: [...decoded.data] }).toEqual({ ...image, data: [...data] });
    expect(await encodePng(image)).toEqual(png);
  });
});

describe("encodeJpeg", () => {
  test("the quality is that of its tables: 80 unless said", async () => {
    const grey: Image = { width: 8, height: 8, channels: 1, data: new Uint8Array(64).map((_, i) => i * 4) };
    /** The first steps of a JPEG's table of luma, in its file behind FF DB, two bytes of length and one of the table's number. */
    const steps = (jpeg: Uint8Array): number[] => {
      const at = Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xdb])) + 5;
      return [...jpeg.subarray(at, at + 3)];
    };
    // ITU-T T.81, table K.1, begins 16, 11, 12 in zigzag order; libjpeg scales it by (200 − 2 · quality) %.
    expect(steps(await encodeJpeg(grey))).toEqual([6, 4, 5]);
    expect(steps(await encodeJpeg(grey, 50))).toEqual([16, 11, 12]);
    expect(steps(await encodeJpeg(grey, 90))).toEqual([3, 2, 2]);
  });
});

describe("grey of 16 bits", () => {
  const pgm = (...values: number[]): Buffer =>
    Buffer.concat([
      Buffer.from(`P5 ${values.length} 1 65535\n`),
      Buffer.from(values.flatMap((v) => [v >> 8, v & 255])),
    ]);
  test("is scaled, or cut off at 255 as torchvision does", async () => {
    const bytes = pgm(0, 200, 255, 256, 33_000, 65_535);
    expect([...(await decodeImage(bytes, { channels: 1 })).data]).toEqual([0, 1, 1, 1, 128, 255]);
    const clipped = await decodeImage(bytes, { channels: 1, clipSixteenBits: true });
    expect([...clipped.data]).toEqual([0, 200, 255, 255, 255, 255]);
  });

  test("of a PNG: likewise, by its upper byte where it is scaled", async () => {
    const chunk = (name: string, content: Buffer): Buffer => {
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
      length.writeUInt32BE(content.length);
      sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from(name), content])));
      return Buffer.concat([length, Buffer.from(name), content, sum]);
    };
    const values = [0, 200, 255, 256, 0x80ff, 0xffff];
    const header = Buffer.from([0, 0, 0, values.length, 0, 0, 0, 1, 16, 0, 0, 0, 0]);
    const row = Buffer.from([0, ...values.flatMap((value) => [value >> 8, value & 255])]);
    const png = Buffer.concat([
      Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
      ...[chunk("IHDR", header), chunk("IDAT", deflateSync(row)), chunk("IEND", Buffer.alloc(0))],
    ]);
    expect([...(await decodeImage(png, { channels: 1 })).data]).toEqual([0, 0, 0, 1, 128, 255]);
    const clipped = await decodeImage(png, { channels: 1, clipSixteenBits: true });
    expect([...clipped.data]).toEqual([0, 200, 255, 255, 255, 255]);
  });
});

describe("withChannels", () => {
  const colour: Image = { width: 2, height: 1, channels: 3, data: Uint8Array.of(10, 200, 30, 255, 255, 255) };
  test("colour to luma and back", () => {
    const grey = withChannels(colour, 1);
    expect(grey).toEqual({ width: 2, height: 1, channels: 1, data: Uint8Array.of(124, 255) });
    expect([...withChannels(grey, 3).data]).toEqual([124, 124, 124, 255, 255, 255]);
  });
  test("nothing to do", () => expect(withChannels(colour, 3)).toBe(colour));
});

const svgOf = (content: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><rect width="90" height="30" fill="#fff"/>${content}</svg>`;
const label = (letters: string, weight = 400): string =>
  svgOf(`<text x="5" y="20" font-family="Inter" font-size="16" font-weight="${weight}">${letters}</text>`);

/** Ink of a drawing: the sum of its darkness. */
const inkOf = async (svg: string): Promise<number> => {
  const { data } = await decodeImage(await renderSvg(svg), { channels: 1 });
  return data.reduce((sum, value) => sum + 255 - value, 0);
};

describe("renderSvg", () => {
  test("scale is pixels per unit", async () => {
    expect(await decodeImage(await renderSvg(svgOf("")))).toMatchObject({ width: 90, height: 30 });
    expect(await decodeImage(await renderSvg(svgOf(""), { scale: 2 }))).toMatchObject({ width: 180, height: 60 });
  });
  test("letters, accents, Greek and Cyrillic are drawn, not boxes", async () => {
    const inks = await Promise.all(["i", "l", "m", "é", "ș", "Ω", "Ж", "ệ"].map((letter) => inkOf(label(letter))));
    expect(Math.min(...inks)).toBeGreaterThan(500);
    expect(new Set(inks).size).toBe(inks.length);
  });
  test("semi-bold has more ink", async () => {
    expect(await inkOf(label("weight", 600))).toBeGreaterThan(1.1 * (await inkOf(label("weight"))));
  });

  test("the same picture in a process that has no fonts, no cache and no home", async () => {
    const script = join(folder, "draw.mts");
    const codec = fileURLToPath(new URL("./index.ts", import.meta.url));
    const png = join(folder, "drawn.png");
    await writeFile(
      script,
      `import { writeFileSync } from "node:fs";
       import { renderSvg } from ${JSON.stringify(codec)};
       writeFileSync(${JSON.stringify(png)}, await renderSvg(${JSON.stringify(label("Accuracy é"))}));`,
    );
    const blocked = join(folder, "not-a-folder");
    await writeFile(blocked, "");
    await mkdir(join(folder, "tmp"));
    const fontless = { FONTCONFIG_FILE: "/nonexistent", FONTCONFIG_PATH: "/nonexistent", HOME: blocked };
    await promisify(execFile)(process.execPath, ["--import", "tsx", script], {
      env: { PATH: process.env.PATH, OCELLI_CACHE: join(blocked, "cache"), TMPDIR: join(folder, "tmp"), ...fontless },
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
    });
    expect(await readFile(png)).toEqual(await renderSvg(label("Accuracy é")));
    expect((await readdir(join(folder, "tmp"))).filter((name) => name.startsWith("ocelli"))).toEqual([]);
  });
});
