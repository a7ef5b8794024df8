import { useState } from "preact/hooks";
import type { RunDetail } from "../../../src/serving/dashboard/api.ts";
import { go } from "../router.ts";
import { noteOf, runApi, send } from "../server.ts";
import { Delete, NoteOnRun, Rename } from "./actions/change.tsx";
import { Export } from "./actions/export.tsx";
import { isFrozen, TrainOn } from "./actions/train-on.tsx";
import { Menu, type MenuItem } from "./menu.tsx";
import { tell } from "./toast.tsx";

type Asked = "longer" | "unfreeze" | "export" | "rename" | "note" | "delete";

/** The one thing that is most likely wanted: to stop a run, or to go on with one that was stopped. */
function MainAction({ run }: { run: RunDetail }) {
  const [isAsked, setAsked] = useState(false);
  const { job, hasWeights } = run.company;
  const isOurs = job !== null && job.state !== "ended";
  const canResume = !isOurs && hasWeights && ["stopped", "silent", "failed", "killed"].includes(run.state);
  if (!isOurs && !canResume) return null;
  const act = (what: "stop" | "resume", text: string): void => {
    if (isAsked || job?.state === "stopping") return;
    setAsked(true);
    send("POST", runApi(run.id, what))
      .then(
        () => tell(text),
        (error: unknown) => tell(`${noteOf(error).message} ${noteOf(error).hint}`),
      )
      .finally(() => setAsked(false));
  };
  const stopText =
    job?.state === "waiting"
      ? "It is taken out of the queue."
      : "It stops after this step and saves; it can be resumed.";
  const stop = (): void => act("stop", stopText);
  const label = job?.state === "stopping" ? "Stopping…" : job?.state === "waiting" ? "Take out of the queue" : "Stop";
  // one button, so that the focus stays on it
  return (
    <button
      type="button"
      class={isOurs ? undefined : "primary"}
      aria-disabled={isAsked || job?.state === "stopping"}
      onClick={isOurs ? stop : () => act("resume", "It goes on where it was.")}
    >
      {isOurs ? label : "Resume"}
    </button>
  );
}

/** What can be done with a run. */
export function RunActions({ run }: { run: RunDetail }) {
  const [asked, setAsked] = useState<Asked>();
  const isBusy = ["training", "starting", "queued"].includes(run.state);
  const { hasWeights } = run.company;
  const close = (): void => setAsked(undefined);
  const canTrain = hasWeights && !isBusy;
  const items: readonly (MenuItem & { readonly isOffered: boolean })[] = [
    { label: "Train longer…", isOffered: canTrain, act: () => setAsked("longer") },
    { label: "Unfreeze…", isOffered: canTrain && isFrozen(run), act: () => setAsked("unfreeze") },
    { label: "Export…", isOffered: hasWeights, act: () => setAsked("export") },
    { label: "Note…", isOffered: run.state !== "starting", act: () => setAsked("note") },
    { label: "New run like this", isOffered: true, act: () => go(`/new?from=${encodeURIComponent(run.id)}`) },
    { label: "Rename…", isOffered: !isBusy, act: () => setAsked("rename") },
    { label: "Delete…", isOffered: !isBusy, act: () => setAsked("delete"), isGrave: true },
  ];
  const props = { run, onClose: close };
  return (
    <div class="actions">
      <MainAction run={run} />
      <Menu label="Actions" items={items.filter(({ isOffered }) => isOffered)} />
      {asked === "longer" && <TrainOn {...props} unfreezes={false} />}
      {asked === "unfreeze" && <TrainOn {...props} unfreezes />}
      {asked === "export" && <Export {...props} />}
      {asked === "rename" && <Rename {...props} />}
      {asked === "note" && <NoteOnRun {...props} />}
      {asked === "delete" && <Delete {...props} />}
    </div>
  );
}
