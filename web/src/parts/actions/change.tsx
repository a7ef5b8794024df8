/** Windows that change what a run is called and what is noted of it, or delete it. */
import { useState } from "preact/hooks";
import type { Bin, DeletedRun, RunDetail, StartedRun } from "../../../../src/serving/dashboard/api.ts";
import { go, runHref } from "../../router.ts";
import { noteOf, runApi, send, useResource } from "../../server.ts";
import { tell } from "../toast.tsx";
import { ActionDialog } from "./action-dialog.tsx";

/** What each window is given. */
export interface ActionProps {
  readonly run: RunDetail;
  readonly onClose: () => void;
}

/** Asks for a new name. */
export function Rename({ run, onClose }: ActionProps) {
  const parts = run.id.split("/");
  const [name, setName] = useState(parts.at(-1) ?? "");
  const act = async (): Promise<void> => {
    const { id } = await send<StartedRun>("POST", runApi(run.id, "rename"), { name });
    if (id === run.id) return;
    tell(`${run.id} is called ${id} now.`);
    go(runHref(id), { replace: true });
  };
  return (
    <ActionDialog title="Rename the run" verb="Rename" act={act} onClose={onClose}>
      <label class="field">
        Name
        <input
          type="text"
          value={name}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <p class="faint">The run's folder gets this name; commands of the terminal then call it so.</p>
    </ActionDialog>
  );
}

/** Asks for a note. */
export function NoteOnRun({ run, onClose }: ActionProps) {
  const [note, setNote] = useState(run.note);
  const act = async (): Promise<void> => {
    await send("PUT", runApi(run.id, "note"), { note });
    tell(note.trim() === "" ? "The run has no note." : "The note is kept with the run.");
  };
  return (
    <ActionDialog title="Note" verb="Keep" act={act} onClose={onClose}>
      <label class="field">
        What is to be known of this run
        <textarea rows={5} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
      </label>
      <p class="faint">
        Kept in <code>note.txt</code> in the run's folder; <code>ocelli runs</code> shows it too.
      </p>
    </ActionDialog>
  );
}

/** Brings a deleted run back, and goes to where it is listed. */
export function restore({ entry }: Pick<DeletedRun, "entry">): void {
  send<StartedRun>("POST", `/api/bin/${encodeURIComponent(entry)}/restore`).then(
    ({ id }) => {
      tell(`${id} is back.`);
      go("/", { focus: `main a[href="${CSS.escape(runHref(id))}"]` });
    },
    (error: unknown) => tell(`${noteOf(error).message} ${noteOf(error).hint}`),
  );
}

/** Asks whether a run is to be deleted. */
export function Delete({ run, onClose }: ActionProps) {
  const { data: bin } = useResource<Bin>("/api/bin");
  const act = async (): Promise<void> => {
    const deleted = await send<DeletedRun>("DELETE", runApi(run.id));
    go("/");
    tell(`${deleted.id} is deleted.`, () => restore(deleted));
  };
  return (
    <ActionDialog title={`Delete ${run.id}?`} verb="Delete" isGrave act={act} onClose={onClose}>
      <p>
        Its folder is moved to <code>{bin?.folder ?? ".trash"}</code>, from where you can bring it back{" "}
        {bin && `for ${bin.days} days`}. After that it is removed for good.
      </p>
    </ActionDialog>
  );
}
