/** The records of a run as they are written: server-sent events that go on where a page lost them. */
import type { SSEStreamingApi } from "hono/streaming";
import { UserError } from "../../../errors.ts";
import type { LiveRecords, LiveState } from "../api.ts";
import { readMetrics } from "./metrics.ts";

/** What is told. */
export interface LiveSource {
  /** The run's folder; there may be none yet. */
  readonly path: string;
  /** Bytes of `metrics.jsonl` that the page knows. */
  readonly after: number;
  readonly state: () => Promise<LiveState>;
}

/** Milliseconds between two looks at the file. */
const INTERVAL = 200;
/** Looks at the file for one at everything else. */
const STATE_EVERY = 4;
/** Looks without anything to tell, after which a sign of life is sent. */
const QUIET = 75;

/**
 * Sends `records` with the new lines of `metrics.jsonl` (their id is the place in the file), `state` whenever it has changed, and
 * `reset` if the file was cut, as a resumed run does. Ends when the page goes away, or with `gone` when the run does.
 */
export async function sendLive(stream: SSEStreamingApi, { path, after, state }: LiveSource): Promise<void> {
  let end = after;
  let told = "";
  let quiet = 0;
  for (let turn = 0; !stream.aborted && !stream.closed; turn++) {
    const read = await readMetrics(path, end);
    const events: { event: string; data: string; id?: string }[] = [];
    if (read.wasCut) events.push({ event: "reset", data: "" });
    if (0 < read.records.length) {
      const records: LiveRecords = read.records;
      events.push({ event: "records", data: JSON.stringify(records), id: String(read.end) });
    }
    end = read.end;
    // a file that is cut may be that of a run that has been moved away, of which a page must not ask anything more
    if (turn % STATE_EVERY === 0 || read.wasCut) {
      const now = await state().catch((error: unknown) => error);
      if (now instanceof UserError) {
        await stream.writeSSE({ event: "gone", data: JSON.stringify({ message: now.message, hint: now.hint }) });
        return;
      }
      if (now instanceof Error) throw now;
      const text = JSON.stringify(now);
      if (text !== told) events.push({ event: "state", data: text });
      told = text;
    }
    for (const event of events) await stream.writeSSE(event);
    quiet = 0 < events.length ? 0 : quiet + 1;
    if (quiet === QUIET) {
      quiet = 0;
      await stream.write(": still here\n\n");
    }
    await stream.sleep(INTERVAL);
  }
}

/** Sends `list` whenever what `list` gives has changed since the page read it. */
export async function sendChanges(stream: SSEStreamingApi, list: () => Promise<unknown>): Promise<void> {
  let told: string | undefined;
  let quiet = 0;
  while (!stream.aborted && !stream.closed) {
    const now = JSON.stringify(await list());
    if (now !== told) await stream.writeSSE({ event: "list", data: now });
    quiet = now === told ? quiet + 1 : 0;
    told = now;
    if (quiet === QUIET / STATE_EVERY) await stream.write(": still here\n\n");
    await stream.sleep(INTERVAL * STATE_EVERY);
  }
}
