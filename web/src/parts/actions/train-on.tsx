import { useState } from "preact/hooks";
import type { ResumeRequest } from "../../../../src/serving/dashboard/api.ts";
import { runApi, send } from "../../server.ts";
import { tell } from "../toast.tsx";
import { ActionDialog } from "./action-dialog.tsx";
import type { ActionProps } from "./change.tsx";

/** Epochs that are offered in addition to those that are done. */
const MORE = 5;

/** A number as a number; an empty field is left out, and what is no number is for the server to refuse. */
const given = (text: string): number | undefined => (text.trim() === "" ? undefined : Number(text));

/** What is sent: numbers that are none are sent as they are, so that the server says what is wrong. */
function requestOf({ epochs, lr, isUnfreezing, from }: Draft): ResumeRequest {
  return {
    epochs: given(epochs),
    ...(isUnfreezing && { unfreeze: true }),
    ...(lr.trim() !== "" && { lr: given(lr) }),
    ...(from !== "" && { from }),
  };
}

interface Draft {
  readonly epochs: string;
  readonly lr: string;
  readonly isUnfreezing: boolean;
  readonly from: "" | "best" | "last";
}

/** Between quotes where a shell would read more into it. */
const quoted = (text: string): string => (/^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The same in a terminal. */
const commandOf = (folder: string, { epochs, lr, isUnfreezing, from }: Draft): string =>
  [
    `ocelli resume ${quoted(folder)}`,
    ...(isUnfreezing ? ["--unfreeze"] : []),
    ...(lr.trim() === "" ? [] : [`--lr ${quoted(lr.trim())}`]),
    ...(epochs.trim() === "" ? [] : [`--epochs ${quoted(epochs.trim())}`]),
    ...(from === "" ? [] : [`--from ${from}`]),
  ].join(" ");

/** Whether some layers of a run keep their weights. */
export const isFrozen = ({ settings }: ActionProps["run"]): boolean =>
  settings.some(({ name, value }) => name === "freeze" && value !== "none");

/** Asks how a run is to be gone on with. */
export function TrainOn({ run, onClose, unfreezes }: ActionProps & { unfreezes: boolean }) {
  const rate = Number(run.settings.find(({ name }) => name === "learningRate")?.value);
  const [draft, setDraft] = useState<Draft>({
    epochs: String(Math.max(run.epochs, run.epochsWanted ?? 0) + MORE),
    lr: unfreezes && 0 < rate ? String(Number((rate / 10).toPrecision(3))) : "",
    isUnfreezing: unfreezes,
    from: "",
  });
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
  const act = async (): Promise<void> => {
    await send("POST", runApi(run.id, "resume"), requestOf(draft));
    tell("Training goes on.");
  };
  const field = (name: "epochs" | "lr", flag: string, text: string) => (
    <label class="field">
      <span>
        <code>{flag}</code> <span class="faint">{text}</span>
      </span>
      <input
        type="text"
        inputMode="decimal"
        autocomplete="off"
        value={draft[name]}
        onInput={(event) => set({ [name]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <ActionDialog title={unfreezes ? "Train all layers" : "Train longer"} verb="Train" act={act} onClose={onClose}>
      {field("epochs", "--epochs", `of the whole run; ${run.epochs} are done`)}
      {field("lr", "--lr", "another learning rate from here on; empty: as it is")}
      {isFrozen(run) && (
        <label class="check">
          <input
            type="checkbox"
            checked={draft.isUnfreezing}
            onChange={(event) => set({ isUnfreezing: event.currentTarget.checked })}
          />
          <span>
            <code>--unfreeze</code> <span class="faint">train all layers from here on</span>
          </span>
        </label>
      )}
      <label class="field">
        <span>
          <code>--from</code> <span class="faint">the weights that it goes on with</span>
        </span>
        <select value={draft.from} onChange={(event) => set({ from: event.currentTarget.value as Draft["from"] })}>
          <option value="">as usual</option>
          <option value="best">best: those of the highest accuracy</option>
          <option value="last">last: those after the last step</option>
        </select>
      </label>
      <p class="faint">
        The same as <code>{commandOf(run.id, draft)}</code> in the folder of the runs.
      </p>
    </ActionDialog>
  );
}
