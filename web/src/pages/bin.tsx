import { useState } from "preact/hooks";
import type { Bin, DeletedRun } from "../../../src/serving/dashboard/api.ts";
import { ago } from "../format.ts";
import { ActionDialog } from "../parts/actions/action-dialog.tsx";
import { restore } from "../parts/actions/change.tsx";
import { Empty, Loading, Notes } from "../parts/notes.tsx";
import { useTitle } from "../parts/title.tsx";
import { send, useResource } from "../server.ts";

function RemoveForGood({ run, onClose, onDone }: { run: DeletedRun; onClose: () => void; onDone: () => void }) {
  const act = async (): Promise<void> => {
    await send("DELETE", `/api/bin/${encodeURIComponent(run.entry)}`);
    onDone();
  };
  return (
    <ActionDialog title={`Remove ${run.id} for good?`} verb="Remove" isGrave act={act} onClose={onClose}>
      <p>Its weights, figures and pictures cannot be brought back then.</p>
    </ActionDialog>
  );
}

/** Runs that were deleted and can be brought back. */
export function BinPage() {
  useTitle("Deleted runs");
  const { data: bin, error, reload } = useResource<Bin>("/api/bin");
  const [asked, setAsked] = useState<DeletedRun>();
  return (
    <>
      <p class="crumbs">
        <a href="/">Runs</a>
      </p>
      <h1 tabIndex={-1}>Deleted runs</h1>
      {bin && (
        <p class="faint">
          Kept in <code>{bin.folder}</code> for {bin.days} days; older ones are removed when the dashboard starts or
          another run is deleted.
        </p>
      )}
      {error && <Notes notes={[error]} kind="error" />}
      {!bin && !error && <Loading />}
      {bin?.runs.length === 0 && (
        <Empty title="No run was deleted">
          <p>A run is deleted on its own page, under Actions.</p>
        </Empty>
      )}
      {bin && 0 < bin.runs.length && (
        <div class="scroll card">
          <table>
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col">Deleted</th>
                <th scope="col">
                  <span class="hidden">What to do</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {bin.runs.map((run) => (
                <tr key={run.entry}>
                  <th scope="row">{run.id}</th>
                  <td>{ago(run.deleted)}</td>
                  <td>
                    <div class="actions end">
                      <button type="button" aria-label={`Bring back ${run.id}`} onClick={() => restore(run)}>
                        Bring back
                      </button>
                      <button type="button" aria-label={`Remove ${run.id} for good`} onClick={() => setAsked(run)}>
                        Remove…
                      </button>
                    </div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {asked && <RemoveForGood run={asked} onClose={() => setAsked(undefined)} onDone={reload} />}
    </>
  );
}
