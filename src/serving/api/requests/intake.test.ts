import { expect, test } from "vitest";
import { createIntake } from "./intake.ts";

const refusal = (message: RegExp) =>
  expect.objectContaining({ status: 429, message: expect.stringMatching(message), headers: { "retry-after": "1" } });

test("a client has so many requests on their way and no more, whatever others have", () => {
  const intake = createIntake({ perClient: 2, maxBody: 1 });
  const [first] = [intake.enter("a"), intake.enter("a"), intake.enter("b")];
  expect(() => intake.enter("a")).toThrow(refusal(/^expected at most 2 requests of one address/));
  first?.leave();
  first?.leave(); // once more changes nothing
  intake.enter("a");
  expect(() => intake.enter("a")).toThrow(refusal(/^expected at most 2 requests/));
  intake.enter("b");
});

test("one client's bodies take half of the bytes at most, all together all of them, until they are answered", () => {
  const intake = createIntake({ perClient: 9, maxBody: 1 }, 100);
  const [a, b] = [intake.enter("a"), intake.enter("b")];
  a.hold(30);
  intake.enter("a").hold(20);
  expect(() => intake.enter("a").hold(1)).toThrow(refusal(/^body: expected room for it/));
  b.hold(50);
  expect(() => intake.enter("c").hold(1)).toThrow(refusal(/^body: expected room for it/));
  b.leave();
  intake.enter("c").hold(50);
  a.leave();
  intake.enter("a").hold(30);
  expect(() => intake.enter("a").hold(1)).toThrow(refusal(/^body: expected room for it/));
});

test("a body of the largest size fits", () => {
  const intake = createIntake({ perClient: 9, maxBody: 80 }, 100);
  intake.enter("a").hold(80);
  intake.enter("b").hold(80);
  expect(() => intake.enter("c").hold(1)).toThrow(refusal(/^body/));
});
