import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSchedule, parseSchedule, type Schedule, type ScheduleSpan } from "./schedule.ts";

interface GoldenCase extends ScheduleSpan {
  readonly schedule: string;
  readonly metrics?: readonly number[];
  readonly learningRates: readonly number[];
}

const GOLDEN: readonly GoldenCase[] = JSON.parse(readFileSync("tools/golden/schedules.json", "utf8"));

/** The rate of every step of epochs `from`..`span.epochs − 1`. */
function ratesOf(
  schedule: Schedule,
  span: ScheduleSpan,
  { from = 0, metrics = [] as readonly number[] } = {},
): number[] {
  const rates: number[] = [];
  for (let epoch = from; epoch < span.epochs; epoch++) {
    for (let step = epoch * span.stepsPerEpoch; step < (epoch + 1) * span.stepsPerEpoch; step++) {
      rates.push(schedule.learningRateAt({ step, epoch }));
    }
    schedule.afterEpoch(metrics[epoch] ?? 1);
  }
  return rates;
}

// torch 2.13; regenerate with tools/golden/schedules.py
test.each(GOLDEN)("$schedule over $epochs × $stepsPerEpoch steps matches PyTorch", (golden) => {
  const schedule = createSchedule(parseSchedule(golden.schedule), golden);
  expect(ratesOf(schedule, golden, golden)).toBeAllclose(golden.learningRates, { rtol: 1e-12, atol: 0 });
});

describe("parseSchedule", () => {
  test.each([
    ["none", { kind: "none", warmupEpochs: 0 }],
    [" step:7 ", { kind: "step", epochs: 7, gamma: 0.1, warmupEpochs: 0 }],
    ["step:30:0.5", { kind: "step", epochs: 30, gamma: 0.5, warmupEpochs: 0 }],
    ["multistep:3,6:0.2", { kind: "multistep", milestones: [3, 6], gamma: 0.2, warmupEpochs: 0 }],
    ["cosine", { kind: "cosine", minimum: 0, warmupEpochs: 0 }],
    ["cosine:1e-5", { kind: "cosine", minimum: 1e-5, warmupEpochs: 0 }],
    ["warmup:0.5+cosine:1e+0", { kind: "cosine", minimum: 1, warmupEpochs: 0.5 }],
    ["onecycle", { kind: "onecycle", rise: 0.3, warmupEpochs: 0 }],
    ["plateau", { kind: "plateau", factor: 0.1, patience: 10, warmupEpochs: 0 }],
    ["warmup:2+plateau:0.5:0", { kind: "plateau", factor: 0.5, patience: 0, warmupEpochs: 2 }],
    ["warmup:2", { kind: "none", warmupEpochs: 2 }],
  ])("reads %j", (text, spec) => {
    expect(parseSchedule(text)).toEqual(spec);
  });

  test.each([
    ["", 'schedule "": expected the name of a schedule but got "".'],
    ["step", 'schedule "step": expected "step:EPOCHS[:GAMMA]" but epochs is missing.'],
    ["step:0", 'schedule "step:0": expected epochs to be a whole number of at least 1 but it is "0".'],
    ["step:0x7", 'schedule "step:0x7": expected epochs to be a whole number of at least 1 but it is "0x7".'],
    ["step:7:", 'schedule "step:7:": expected gamma to be a number between 0 and 1 but it is "".'],
    ["step:7:1:2", 'schedule "step:7:1:2": expected "step:EPOCHS[:GAMMA]" but got more.'],
    ["none:1", 'schedule "none:1": expected "none" but got more.'],
    ["multistep", 'schedule "multistep": expected each epoch to be a whole number of at least 1 but it is "".'],
    ["multistep:6,3", 'schedule "multistep:6,3": expected epochs that increase but they are "6,3".'],
    ["multistep:3,3", 'schedule "multistep:3,3": expected epochs that increase but they are "3,3".'],
    ["cosine:-1", 'schedule "cosine:-1": expected last rate to be a number of at least 0 but it is "-1".'],
    ["cosine:1e999", 'schedule "cosine:1e999": expected last rate to be a number of at least 0 but it is "1e999".'],
    ["onecycle:1", 'schedule "onecycle:1": expected rising share to be a number between 0 and 1 but it is "1".'],
    ["plateau:2", 'schedule "plateau:2": expected factor to be a number between 0 and 1 but it is "2".'],
    [
      "plateau:0.1:-1",
      'schedule "plateau:0.1:-1": expected patience to be a whole number of at least 0 but it is "-1".',
    ],
    ["warmup:0+cosine", 'schedule "warmup:0+cosine": expected warm-up epochs to be a number above 0 but it is "0".'],
    ["warmup+cosine", 'schedule "warmup+cosine": expected warm-up epochs to be a number above 0 but it is "".'],
    [
      "warmups:1+cosine",
      'schedule "warmups:1+cosine": expected warmup:EPOCHS+ before the schedule but got "warmups:1+".',
    ],
    ["warmup:1+onecycle", 'schedule "warmup:1+onecycle": expected no warm-up before onecycle but there is one.'],
    ["warmup:1+cosin", 'schedule "warmup:1+cosin": expected the name of a schedule but got "cosin".'],
  ])("refuses %j", (text, message) => {
    expect(() => parseSchedule(text)).toThrow(expect.objectContaining({ name: "UserError", message }));
  });

  test("suggests the nearest name and lists the forms", () => {
    const hint =
      'Did you mean "cosine"? The schedules are none, step:EPOCHS[:GAMMA], multistep:EPOCH,EPOCH…[:GAMMA], ' +
      "cosine[:LAST-RATE], onecycle[:RISING-SHARE], plateau[:FACTOR[:PATIENCE]]; each may follow warmup:EPOCHS+.";
    expect(() => parseSchedule("Cosin")).toThrow(expect.objectContaining({ hint }));
  });
});

const SPAN: ScheduleSpan = { learningRate: 0.1, stepsPerEpoch: 4, epochs: 3 };

test("a warm-up as long as the run is refused", () => {
  expect(() => createSchedule(parseSchedule("warmup:3+cosine"), SPAN)).toThrow(
    "schedule: expected a warm-up shorter than the run of 3 epochs but it is 3.",
  );
});

test("a cosine that would rise is refused", () => {
  expect(() => createSchedule(parseSchedule("cosine:0.2"), SPAN)).toThrow(
    "schedule: expected cosine to end at or below the learning rate 0.1 but its last rate is 0.2.",
  );
});

test.each(["cosine:0.001", "onecycle"])("%s keeps its last rate when training goes on", (text) => {
  const schedule = createSchedule(parseSchedule(text), SPAN);
  const last = schedule.learningRateAt({ step: 12, epoch: 3 });
  expect(schedule.learningRateAt({ step: 400, epoch: 100 })).toBe(last);
  expect(last).toBeLessThanOrEqual(schedule.learningRateAt({ step: 11, epoch: 2 }));
});

test("step drops at whole epochs behind a warm-up that ends within one", () => {
  const span = { learningRate: 1, stepsPerEpoch: 2, epochs: 3 };
  const rates = ratesOf(createSchedule(parseSchedule("warmup:0.5+step:1:0.5"), span), span);
  expect(rates).toBeAllclose([0.01, 1, 0.5, 0.5, 0.25, 0.25], { rtol: 1e-15, atol: 0 });
});

test.each([Number.NaN, -Infinity])("plateau takes a loss of %d for a bad epoch", (loss) => {
  const schedule = createSchedule(parseSchedule("plateau:0.5:0"), SPAN);
  schedule.afterEpoch(loss);
  expect(schedule.state()).toEqual({ reductions: 1, best: null, badEpochs: 0 });
});

const argument = { share: fc.double({ min: 1e-3, max: 0.999, noNaN: true }), count: fc.integer({ min: 1, max: 40 }) };
const main = fc.oneof(
  fc.constantFrom("none", "cosine", "plateau"),
  fc.tuple(argument.count, argument.share).map(([epochs, gamma]) => `step:${epochs}:${gamma}`),
  fc.tuple(argument.count, argument.count, argument.share).map(([a, b, gamma]) => `multistep:${a},${a + b}:${gamma}`),
  fc.tuple(argument.share, argument.count).map(([factor, patience]) => `plateau:${factor}:${patience - 1}`),
  argument.share.map((share) => `cosine:${share * 1e-3}`),
);
const warmed = fc
  .tuple(fc.double({ min: 1e-6, max: 0.999, noNaN: true }), main)
  .map(([e, rest]) => `warmup:${e}+${rest}`);
const cycle = argument.share.map((share) => `onecycle:${share}`);
const text = fc.oneof(main, warmed, cycle);
const span = fc.record({
  learningRate: fc.double({ min: 1e-3, max: 10, noNaN: true }),
  stepsPerEpoch: fc.integer({ min: 1, max: 12 }),
  epochs: fc.integer({ min: 1, max: 12 }),
});
const losses = fc.array(fc.double(), { minLength: 12, maxLength: 12 });

test("every rate is finite, at least 0 and at most the given rate", () => {
  fc.assert(
    fc.property(text, span, losses, (schedule, over, metrics) => {
      const rates = ratesOf(createSchedule(parseSchedule(schedule), over), over, { metrics });
      for (const rate of rates) {
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(over.learningRate * (1 + 1e-12));
      }
    }),
  );
});

test("a schedule restored from its state, through JSON, goes on exactly", () => {
  fc.assert(
    fc.property(text, span, losses, fc.nat(11), (schedule, over, metrics, stop) => {
      const from = Math.min(stop, over.epochs);
      const spec = parseSchedule(schedule);
      const whole = ratesOf(createSchedule(spec, over), over, { metrics });
      const first = createSchedule(spec, over);
      const before = ratesOf(first, { ...over, epochs: from }, { metrics });
      const second = createSchedule(JSON.parse(JSON.stringify(spec)), over);
      second.restore(JSON.parse(JSON.stringify(first.state())));
      expect([...before, ...ratesOf(second, over, { from, metrics })]).toEqual(whole);
    }),
  );
});
