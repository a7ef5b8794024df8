import type { RunState } from "../../../src/serving/dashboard/api.ts";

const WORDS: Readonly<Record<RunState, readonly [word: string, title: string]>> = {
  queued: ["queued", "It begins when the training before it has ended"],
  starting: ["starting", "Its process has begun"],
  training: ["training", "It is being trained"],
  stopped: ["stopped", "A person stopped it; it can be resumed"],
  finished: ["finished", "It came to its end"],
  failed: ["failed", "It ended with an error; see its log"],
  killed: ["killed", "Its process is gone and did not say why; it can be resumed"],
  silent: ["silent", "Nothing has been written for a minute and it did not say that it ended"],
};

/** The state of a run as a coloured dot and a word. */
export function State({ state }: { state: RunState }) {
  const [word, title] = WORDS[state];
  return (
    <span class={`state ${state}`} title={title}>
      {word}
    </span>
  );
}
