import { expect, test } from "vitest";
import { encodePng } from "../../image/index.ts";
import { readPicturePixels } from "./picture.ts";

const png = (width: number) => encodePng({ width, height: 3, channels: 1, data: new Uint8Array(3 * width).fill(7) });
const input = { kind: "pixels", inputShape: [1, 3, 4], rawPixels: true } as const;
const model = { name: "mnist-cnn", input, maxPixels: 12 };

test("a picture is decoded if its header is small enough, also one in a form", async () => {
  const bytes = await png(4);
  expect(await readPicturePixels({ bytes }, model)).toEqual(new Uint8Array(12).fill(7));
  await expect(readPicturePixels({ bytes: await png(5) }, model)).rejects.toMatchObject({
    status: 413,
    message: "picture: expected at most 12 pixels but its header says 5×3.",
  });
  const form = new FormData();
  form.set("file", new Blob([Uint8Array.from(bytes)]));
  const sent = new Response(form);
  const type = sent.headers.get("content-type") ?? "";
  const body = new Uint8Array(await sent.arrayBuffer());
  expect(await readPicturePixels({ bytes: body, form: type }, model)).toEqual(new Uint8Array(12).fill(7));
  await expect(readPicturePixels({ bytes: body }, model)).rejects.toThrow("picture");
});
