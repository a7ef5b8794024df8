import { describe, expect, test } from "vitest";
import { calibrationOf, type MetricsRecord } from "../../metrics/index.ts";
import { type RunAccount, reportOf } from "../../training/index.ts";
import { durationText } from "./headline.ts";
import { html, raw } from "./html.ts";
import { type ReportContent, reportHtml } from "./page.ts";

const account: RunAccount = {
  ...{ path: "runs/<first>", name: "<first>", began: 0, settings: {}, summary: undefined, problems: [] },
  records: [],
};

/** Answers of a network: row i is of class i and taken for `taken(i)`. */
function answered(classes: number, taken: (label: number) => number): Pick<ReportContent, "answers"> {
  const names = Array.from({ length: classes }, (_, index) => `class ${index}`);
  const logits = Float32Array.from({ length: classes ** 2 }, (_, at) =>
    at % classes === taken(Math.floor(at / classes)) ? 5 : 0,
  );
  const labels = Int32Array.from(names.keys());
  const correct = names.filter((_, label) => taken(label) === label).length;
  const evaluation = { count: classes, loss: 1, correct, accuracy: correct / classes, logits, labels };
  return {
    answers: {
      report: reportOf(evaluation, names),
      calibration: calibrationOf({ data: logits, classes }, labels),
      ...{ weights: "best", mistakes: [], samples: [] },
    },
  };
}

const page = (content: Partial<ReportContent>): Promise<string> => reportHtml({ account, problems: [], ...content });

describe("a page", () => {
  test("of settings whose values and origins are called as what every object has", async () => {
    const settings = {
      epochs: { value: { toString: 1 }, from: "constructor" },
      constructor: { value: [1, [2]], from: "toString" },
    };
    const text = await page({ account: { ...account, settings } });
    expect(text).toContain("{&quot;toString&quot;:1}</td><td>constructor</td>");
    expect(text).toContain("[1,[2]]</td><td>toString</td>");
  });

  test("of a run of which there is nothing yet", async () => {
    const text = await page({});
    expect(text).toContain("No step is recorded yet.");
    expect(text).toContain("it stands after step 0.");
    expect(text).toContain("<title>&lt;first&gt;: a network</title>");
    expect(text).not.toContain("<first>");
  });

  test("of a run of several stages says what each began with and changed", async () => {
    const setting = (value: unknown) => ({ value, from: "flag" });
    const stage = { dataSha256: "0", settings: { freeze: "backbone", learningRate: 0.002 } } as const;
    const stages = [
      { ...stage, number: 1, epoch: 0, step: 0, from: "start" } as const,
      {
        ...stage,
        number: 2,
        epoch: 2,
        step: 32,
        from: "best",
        settings: { freeze: "none", learningRate: 0.0002 },
      } as const,
    ];
    const settings = { freeze: setting("none"), learningRate: setting(0.0002) };
    const text = await page({ account: { ...account, settings, stages } });
    expect(text).toContain("The run has 2 stages");
    expect(text).toContain(
      '<th scope="row">2</th><td>3</td><td>the best weights before it</td><td>freeze none, learningRate 0.0002</td>',
    );
    expect(await page({ account: { ...account, settings, stages: stages.slice(0, 1) } })).not.toContain("stages");
  });

  test("without mistakes, or without right answers", async () => {
    expect(await page(answered(3, (label) => label))).toContain(
      "None: all 3 images of the validation set are told right.",
    );
    expect(await page(answered(3, (label) => (label + 1) % 3))).toContain(
      "No image of the validation set is told right.",
    );
  });

  test("of many classes has the matrix as a picture, and the pairs that are confused", async () => {
    const few = await page(answered(24, (label) => label - (label % 2)));
    expect(few.match(/<td class="wrong"/g)).toHaveLength(12);
    const many = await page(answered(60, (label) => label - (label % 2)));
    expect(many).toContain('src="data:image/svg+xml;base64,');
    expect(many).not.toContain('<td class="wrong"');
    expect(many).toContain("<td>class 1</td><td>class 0</td>");
    expect(many.match(/<tr><td>class \d+<\/td><td>class \d+<\/td>/g)).toHaveLength(10);
  });

  test("losses that are not finite are left out of the curves", async () => {
    const records: MetricsRecord[] = [1, 2, 3].map((step) => ({
      ...{ type: "step", epoch: 1, step, lr: 0.1 },
      loss: step === 2 ? Number.NaN : 1 / step,
    }));
    const text = await page({ account: { ...account, records } });
    expect(text).toContain("3 steps and 0 evaluations");
    expect(text).not.toContain("NaN");
  });

  test("what is wrong is told", async () => {
    const text = await page({ account: { ...account, problems: ["One & two."] }, problems: ["Three."] });
    expect(text).toContain("<ul><li>One &amp; two.</li><li>Three.</li></ul>");
  });
});

test("templates escape what is no HTML", () => {
  const list = ["<", html`<b>${'"'}</b>`];
  expect(html`<p>${list}${undefined}${false}${0}${raw("<br>")}</p>`.html).toBe("<p>&lt;<b>&quot;</b>0<br></p>");
});

test.each([
  [9.96, "10.0 s"],
  [59.9, "59.9 s"],
  [185, "3 min 5 s"],
  [7805, "2 h 10 min"],
])("%d seconds are %s", (seconds, text) => expect(durationText(seconds)).toBe(text));
