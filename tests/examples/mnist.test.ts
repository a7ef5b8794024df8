import { expect, test, vi } from "vitest";
import { learn, myCnn, myDataSet } from "../../examples/mnist.ts";
import { loadDigits, parameterCount } from "../../src/index.ts";

test("the network of examples/mnist.ts has the parameters of its PyTorch original", () => {
  expect(parameterCount(myCnn())).toBe(28_938);
});

test("examples/mnist.ts learns digits in 100 steps and says so", async () => {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  const digits = loadDigits({ rawPixels: true });
  // 0.93 with most seeds and engines; guessing gives 0.1
  expect(await learn(myDataSet(digits.train, 6400), myDataSet(digits.test, 500), 1)).toBeGreaterThan(0.85);
  log.mockRestore();
  expect(lines).toEqual([
    expect.stringMatching(
      /^epoch 1 \[6400\/6400 \(100%\)\] loss=0\.\d{6} train_acc=0\.[78]\d{3} test_acc=0\.[89]\d{3}$/,
    ),
  ]);
});
