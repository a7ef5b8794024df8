import { createHash } from "node:crypto";
import type { Channels, Image } from "../../src/image/index.ts";

/** A picture of slopes, edges and noise; tools/golden/transforms.py has the same. */
export function synthetic(width: number, height: number, channels: Channels): Image {
  const data = new Uint8Array(width * height * channels);
  for (let at = 0; at < data.length; at++) {
    const c = at % channels;
    const x = Math.floor(at / channels) % width;
    const y = Math.floor(at / channels / width);
    const slope = x * (3 + c) + y * (5 - c);
    const edges = ((Math.floor(x / 16) + Math.floor(y / 12)) % 3) * (40 + 30 * c);
    const noise = Math.floor(((x * 7919 + y * 104729 + c * 1299709) % 251) / (1 + ((x + y) % 5)));
    data[at] = (slope + edges + noise) % 256;
  }
  return { width, height, channels, data };
}

/** A picture of all 2²⁴ colours, 4096×4096. */
export function everyColour(): Image {
  const data = new Uint8Array(3 << 24);
  for (let colour = 0, at = 0; colour < 1 << 24; colour++) {
    data[at++] = colour >> 16;
    data[at++] = (colour >> 8) & 255;
    data[at++] = colour & 255;
  }
  return { width: 4096, height: 4096, channels: 3, data };
}

/** SHA-256 of the bytes, in hexadecimal. */
export const sha256 = ({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array): string =>
  createHash("sha256")
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest("hex");
