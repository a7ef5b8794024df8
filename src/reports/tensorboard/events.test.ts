import { describe, expect, test } from "vitest";
import { fieldsOf, maskedCrc, readEvents, recordsOf } from "../../../tests/tensorboard.ts";
import { crc32c, masked } from "./crc32c.ts";
import { encodeEvent, encodeRecord, FILE_VERSION } from "./events.ts";

describe("CRC-32C", () => {
  // RFC 3720, appendix B.4, and the check value of the CRC catalogue
  test.each([
    ["123456789", Buffer.from("123456789"), 0xe3069283],
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["0..31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["nothing", new Uint8Array(), 0],
  ])("of %s", (_, bytes, expected) => expect(crc32c(bytes)).toBe(expected));

  test("is masked as record files have it", () => {
    // the length 24 in eight bytes, whose masked checksum stands at the beginning of many event files
    const length = Uint8Array.of(24, 0, 0, 0, 0, 0, 0, 0);
    expect(Buffer.from(Uint32Array.of(masked(crc32c(length))).buffer).toString("hex")).toBe("a37f4b22");
    expect(masked(crc32c(length))).toBe(maskedCrc(length));
  });
});

test("the first event as bytes", () => {
  const record = encodeRecord(encodeEvent({ wallTime: 1.5, fileVersion: FILE_VERSION }));
  const hex = "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a32";
  expect(Buffer.from(record).toString("hex").slice(0, hex.length)).toBe(hex);
  expect(recordsOf(record)).toHaveLength(1);
});

test("figures, pictures and restarts are read again", () => {
  const png = Uint8Array.of(1, 2, 3);
  const values = [
    { tag: "loss", scalar: 0.1 },
    { tag: "picture", png, width: 300, height: 200 },
  ];
  const file = Buffer.concat(
    [{ fileVersion: FILE_VERSION }, { step: 300_000_000_000, values }, { step: 7, starts: true }].map((event) =>
      encodeRecord(encodeEvent({ wallTime: 2, ...event })),
    ),
  );
  const { version, scalars, images, restarts } = readEvents(file);
  expect(version).toBe("brain.Event:2");
  expect([...(scalars.get("loss") ?? [])]).toEqual([[300_000_000_000, Math.fround(0.1)]]);
  expect(images.get("picture")).toEqual({ png: Buffer.from(png), width: 300, height: 200 });
  expect(restarts).toEqual([7]);
  expect(fieldsOf(recordsOf(file)[0] ?? new Uint8Array())[0]).toEqual([1, 2]);
  file[20] = 99;
  expect(() => recordsOf(file)).toThrow("content at 0");
});
