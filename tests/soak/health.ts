/**
 * Asks a server for its health all the time, from a process of its own, which nothing else keeps busy.
 *
 * Run: tsx tests/soak/health.ts URL. For each line on standard input it prints JSON of the time since the one before: how often it
 * asked, the worst answer in milliseconds, and how many answers were none.
 */
import { get } from "node:http";
import { createInterface } from "node:readline";

/** What was seen. */
export interface Health {
  count: number;
  worst: number;
  lost: number;
}

/** Milliseconds between two questions. */
const PAUSE = 5;

const url = `${process.argv[2]}/v2/health/live`;
let health: Health = { count: 0, worst: 0, lost: 0 };

function ask(): Promise<number | undefined> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode));
    }).on("error", () => resolve(undefined));
  });
}

createInterface({ input: process.stdin })
  .on("line", () => {
    console.log(JSON.stringify(health));
    health = { count: 0, worst: 0, lost: 0 };
  })
  .on("close", () => process.exit());
for (;;) {
  const began = performance.now();
  if ((await ask()) !== 200) health.lost++;
  health.worst = Math.max(health.worst, performance.now() - began);
  health.count++;
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
}
