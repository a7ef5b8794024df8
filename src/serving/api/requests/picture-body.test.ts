/** Pictures in requests: a body, or the one file of a form. */
import { Hono } from "hono";
import { expect, test } from "vitest";
import { apiErrorOf } from "../errors.ts";
import { createIntake } from "./intake.ts";
import { fileOf, readPicture } from "./picture-body.ts";

const app = new Hono();
const limits = { maxBody: 1000, timeoutMs: 1000 };
app.post("/", async (context) => {
  const arrival = createIntake({ perClient: 1, maxBody: 1000 }).enter("a");
  return context.body(new Uint8Array(await fileOf(await readPicture(context, limits, arrival))));
});
app.onError((error, context) => {
  const { status = 500, message } = apiErrorOf(error) ?? (error as { status?: 400; message: string });
  return context.text(message, status);
});

async function post(body: FormData | Uint8Array<ArrayBuffer> | string, type?: string) {
  const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
  const answer = await app.request("/", { method: "POST", body, headers });
  return [answer.status, await answer.text()];
}
const formOf = (...parts: [string, string | Blob][]): FormData => {
  const form = new FormData();
  for (const [name, value] of parts) form.append(name, value);
  return form;
};

test("a body is the picture, whatever kind of picture its type says", async () => {
  const bytes = new Uint8Array(Buffer.from("picture"));
  for (const type of ["image/jpeg", "IMAGE/PNG; q=1", "application/octet-stream"])
    expect(await post(bytes, type)).toEqual([200, "picture"]);
  expect(await post(bytes, "text/plain")).toEqual([
    415,
    "Content-Type: expected image/… or multipart/form-data but got text/plain.",
  ]);
  expect(await post(new Uint8Array(), "image/png")).toEqual([400, "body: expected a picture but it is empty."]);
});

test("a form has one file, beside fields of text", async () => {
  const file = (text: string): Blob => new Blob([text], { type: "image/png" });
  expect(await post(formOf(["file", file("inside")], ["note", "text"]))).toEqual([200, "inside"]);
  expect(await post(formOf(["note", "text"]))).toEqual([400, "body: expected one file in the form but there is none."]);
  expect(await post(formOf(["a", file("1")], ["b", file("2")], ["c", file("3")]))).toEqual([
    400,
    "body: expected one file in the form but there are 3.",
  ]);
  expect(await post("--x\r\nbroken", "multipart/form-data; boundary=x")).toEqual([
    400,
    "body: expected a multipart form but it is damaged.",
  ]);
});
