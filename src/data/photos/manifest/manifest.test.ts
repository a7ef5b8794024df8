import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { writeTree } from "../../../testing/photo-folders.ts";
import { findPhotos } from "../find.ts";

const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove();
});

/** A manifest beside empty photos of these names. */
async function manifest(name: string, content: string | Uint8Array, ...photos: readonly string[]): Promise<string> {
  const { root, remove } = await writeTree({
    ...Object.fromEntries(photos.map((photo) => [photo, ""])),
    [name]: content,
  });
  removals.push(remove);
  return join(root, name);
}

const PHOTOS = ["1.jpg", "2.jpg", "3.jpg", "4.jpg"];
const rows = (between = ",") =>
  ["file,label", "1.jpg,a", "2.jpg,a", "3.jpg,b", "4.jpg,b", ""].map((row) => row.replace(",", between));

async function refusal(path: string): Promise<string> {
  const error = await findPhotos(path).then(
    () => undefined,
    (thrown: unknown) => thrown as { name: string; message: string; hint: string },
  );
  expect(error).toMatchObject({ name: "UserError" });
  return `${error?.message}\n${error?.hint}`.replaceAll(path, "PATH");
}

const EXPECTED = { layout: "manifest", classes: ["a", "b"], train: { labels: [0, 1] }, val: { labels: [0, 1] } };

test.each([
  ["m.tsv", rows("\t").join("\n")],
  ["m.json", JSON.stringify(PHOTOS.map((file, i) => ({ file, label: i < 2 ? "a" : "b" })))],
  ["m.json", JSON.stringify(Object.fromEntries(PHOTOS.map((file, i) => [file, i < 2 ? "a" : "b"])))],
  ["m.jsonl", PHOTOS.map((image, i) => JSON.stringify({ image, category: i < 2 ? "a" : "b" })).join("\n")],
  ["m.csv", rows().join("\r\n").replace("file,label", "Filename,CLASS")],
  ["m.csv", Buffer.from(`\ufeff${rows().join("\n")}`, "utf16le")],
  ["m.csv", Buffer.from(`\ufeff${rows().join("\n")}`, "utf16le").swap16()],
  ["m.csv", `\ufeff${rows().join("\n")}`],
])("%s is read: %j", async (name, content) => {
  expect(await findPhotos(await manifest(name, content, ...PHOTOS))).toMatchObject(EXPECTED);
});

test.each([
  [
    "cp1252",
    "m.csv",
    Buffer.from("file,label\n1.jpg,a\n2.jpg,ros\xe9\n", "latin1"),
    /^"PATH" line 3: expected UTF-8 but byte 10 of the line is 0xE9 \(in Windows-1252 the line is 2\.jpg,rosé\)\.\nSave it as UTF-8.* iconv -f WINDOWS-1252 -t UTF-8 PATH > utf8\.csv$/,
  ],
  [
    "a byte in the middle",
    "m.csv",
    Buffer.from("file,label\n\xe9\xe9.jpg,caf\u00e9\n", "latin1"),
    /line 2: expected UTF-8 but byte 1 of the line is 0xE9/,
  ],
  [
    "UTF-16 without a mark",
    "m.csv",
    Buffer.from(rows().join("\n"), "utf16le"),
    /expected text but it is no UTF-8: it has zero bytes/,
  ],
  ["a spreadsheet", "m.csv", Buffer.from("PK\x03\x04rest"), /it is a zip archive, as of Excel/],
  [
    "semicolons",
    "m.csv",
    rows(";").join("\n"),
    /line 1: expected commas between the values but they are separated by semicolons\.\n.*tr ';' ',' < PATH > commas\.csv$/,
  ],
  [
    "semicolons and commas",
    "m.csv",
    rows(";").join("\n").replace(";a", ";a,b"),
    /separated by semicolons\.\nSave it with commas\.$/,
  ],
  ["tabs", "m.csv", rows("\t").join("\n"), /separated by tabs\.\nName the file \.tsv, which is read so\.$/],
  ["lines", "m.csv", rows("|").join("\n"), /separated by vertical lines\./],
  ["commas in TSV", "m.tsv", rows().join("\n"), /expected tabs between the values but they are separated by commas\./],
  [
    "carriage returns",
    "m.csv",
    rows().join("\r"),
    /end in carriage returns alone, as on old Macs\.\n.*tr '\\r' '\\n' < PATH > lines\.csv$/,
  ],
  ["a carriage return", "m.csv", "file,label\n1.jpg,a\r2.jpg,b\n", /line 2: .* one ends in a carriage return alone/],
  [
    "a blank before a quote",
    "m.csv",
    'file, label\n"1.jpg", "a"\n',
    /line 2: expected values right between commas but there is a blank beside a double quote\.\nRemove the blanks/,
  ],
  ["a blank after a quote", "m.csv", 'file,label\n"1.jpg" ,"a"\n', /line 2: .* a blank beside a double quote/],
  ["other JSON", "m.json", '{"images":[]}', /expected a list of objects such as .* but it is other JSON/],
  ["no JSON", "m.json", "file,label", /but it is no JSON/],
  [
    "names without endings",
    "m.csv",
    "file,label\n9,a\n",
    /1 file does not: "9"\.\n.* and have endings such as \.jpg\./,
  ],
])("%s is refused", async (_, name, content, message) => {
  expect(await refusal(await manifest(name, content, ...PHOTOS))).toMatch(message);
});

test("Unicode's two ways to write a name are one, of classes and of files", async () => {
  const text = ["file,label", "e\u0301.jpg,caf\u00e9", "2.jpg,cafe\u0301", "3.jpg,b", "4.jpg,b"].join("\n");
  const { classes, train, val } = await findPhotos(await manifest("m.csv", text, "\u00e9.jpg", ...PHOTOS));
  expect(classes).toEqual(["b", "caf\u00e9"]);
  expect([...train.names, ...val.names].toSorted()).toEqual(["2.jpg", "3.jpg", "4.jpg", "\u00e9.jpg"]);
});

test("folders in the files' names say splits where no column does", async () => {
  const photos = ["train/1.jpg", "train/2.jpg", "test/3.jpg", "test/4.jpg"];
  const text = ["file,label", "train/1.jpg,a", "train/2.jpg,b", "test/3.jpg,a", "test/4.jpg,b"].join("\n");
  expect(await findPhotos(await manifest("m.csv", text, ...photos))).toMatchObject({
    train: { names: photos.slice(0, 2) },
    val: { names: photos.slice(2) },
    notes: ["The photos are divided as the folders say that they are in: there is no column split."],
  });
});

describe("tables of other tools", () => {
  const tree = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const { root, remove } = await writeTree(files);
    removals.push(remove);
    return root;
  };
  const split = (name: string, table: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries({ "1.jpg": "", "2.jpg": "", ...table }).map(([file, text]) => [`${name}/${file}`, text]),
    );

  test("Roboflow's columns of classes are read", async () => {
    const table = { "_classes.csv": "filename, Ants, bees\n1.jpg, 1, 0\n2.jpg, 0, 1\n" };
    const root = await tree({ ...split("train", table), ...split("valid", table), ...split("test", table) });
    expect(await findPhotos(root)).toMatchObject({
      classes: ["Ants", "bees"],
      train: { names: ["train/1.jpg", "train/2.jpg"], labels: [0, 1] },
      val: { names: ["valid/1.jpg", "valid/2.jpg"], labels: [0, 1] },
      notes: [
        'Labels are those of "test/_classes.csv", "train/_classes.csv" and "valid/_classes.csv".',
        'Photos of the split "val" are for validation; those of "test" are not used.',
      ],
    });
  });

  test("a photo of several classes is refused with its line", async () => {
    const table = { "_classes.csv": "filename, ants, bees\n1.jpg, 1, 0\n2.jpg, 1, 1\n" };
    const root = await tree({ ...split("train", table), ...split("valid", table) });
    expect(await refusal(root)).toMatch(
      /_classes\.csv" line 3: expected a 1 in the column of one class but there are "ants" and "bees"/,
    );
  });

  test.each([
    ["metadata.csv", "file_name,label\n1.jpg,a\n2.jpg,b\n"],
    ["metadata.jsonl", '{"file_name":"1.jpg","label":"a"}\n{"file_name":"2.jpg","label":"b"}\n'],
  ])("Hugging Face's %s is read in each split", async (name, text) => {
    const root = await tree({ ...split("train", { [name]: text }), ...split("test", { [name]: text }) });
    expect(await findPhotos(root)).toMatchObject({
      classes: ["a", "b"],
      train: { names: ["train/1.jpg", "train/2.jpg"], labels: [0, 1] },
      val: { names: ["test/1.jpg", "test/2.jpg"], labels: [0, 1] },
    });
  });

  test("one metadata.csv for all splits is read", async () => {
    const text = "file_name,label\ntrain/1.jpg,a\ntrain/2.jpg,b\ntest/1.jpg,a\ntest/2.jpg,b\n";
    const root = await tree({ ...split("train", {}), ...split("test", {}), "metadata.csv": text });
    expect(await findPhotos(root)).toMatchObject({
      train: { names: ["train/1.jpg", "train/2.jpg"] },
      val: { labels: [0, 1] },
    });
  });

  test("a table without labels leaves it to the folders", async () => {
    const table = { "metadata.csv": "file_name,text\na/1.jpg,an ant\n" };
    const photos = { "a/1.jpg": "", "b/2.jpg": "" };
    const files = { ...table, ...photos };
    const under = (name: string) =>
      Object.fromEntries(Object.entries(files).map(([file, text]) => [`${name}/${file}`, text]));
    expect(await findPhotos(await tree({ ...under("train"), ...under("val") }))).toMatchObject({
      layout: "split",
      classes: ["a", "b"],
    });
  });
});

const cases = join(process.env.OCELLI_DATA ?? "", "../cases/manifests");
describe.skipIf(!process.env.OCELLI_DATA || !existsSync(cases))("the manifests of cases", () => {
  test.each([
    ["latin1.csv", /line 2: expected UTF-8 but byte 20 .* 0xE9 .*fourmié/],
    ["cp1252.csv", /line 2: expected UTF-8 but byte 16 .* 0xE9 .*rosé/],
    ["semicolon.csv", /separated by semicolons/],
    ["tab.csv", /separated by tabs/],
    ["spaces_quoted.csv", /blank beside a double quote/],
    ["oldmac.csv", /carriage returns alone/],
  ])("%s is refused", async (name, message) => {
    expect(await refusal(join(cases, name))).toMatch(message);
  });
});
