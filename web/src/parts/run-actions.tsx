import { useState } from "preact/hooks";
import type { RunDetail } from "../../../src/serving/dashboard/api.ts";
import { noteOf, runApi, send } from "../server.ts";
import { tell } from "./toast.tsx";

/** What can be done with a run: stop it, go on with it, begin another like it. */
export function RunActions({ run }: { run: RunDetail }) {
  const [isAsked, setAsked] = useState(false);
  const { job } = run;
  const isOurs = job !== null && job.state !== "ended";
  const canResume = !isOurs && run.hasWeights && ["stopped", "silent", "failed"].includes(run.state);
  const act = (what: "stop" | "resume", text: string): void => {
    setAsked(true);
    send("POST", runApi(run.id, what))
      .then(
        () => tell(text),
        (error: unknown) => tell(`${noteOf(error).message} ${noteOf(error).hint}`),
      )
      .finally(() => setAsked(false));
  };
  return (
    <div class="actions">
      {isOurs && (
        <button
          type="button"
          disabled={isAsked || job.state === "stopping"}
          onClick={() => act("stop", "It stops after this step and saves; it can be resumed.")}
        >
          {job.state === "stopping" ? "Stopping…" : "Stop"}
        </button>
      )}
      {canResume && (
        <button
          type="button"
          class="primary"
          disabled={isAsked}
          onClick={() => act("resume", "It goes on where it was.")}
        >
          Resume
        </button>
      )}
      <a class="button" href={`/new?from=${encodeURIComponent(run.id)}`}>
        New run like this
      </a>
    </div>
  );
}
