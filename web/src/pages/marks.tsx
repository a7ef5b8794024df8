import type { MarkList } from "../../../src/serving/dashboard/api.ts";
import { markPhoto, markText } from "../marks.ts";
import { Empty, Loading, Notes } from "../parts/notes.tsx";
import { useTitle } from "../parts/title.tsx";
import { query, runHref } from "../router.ts";
import { runApi, useResource } from "../server.ts";

/** What people said of the photos of a data set. */
export function MarksPage() {
  useTitle("Corrected labels");
  const run = query.value.get("run");
  const { data, error, reload } = useResource<MarkList>(run === null ? null : runApi(run, "marks"));
  return (
    <>
      <p class="crumbs">{run === null ? <a href="/">Runs</a> : <a href={runHref(run, "pictures")}>{run}</a>}</p>
      <h1 tabIndex={-1}>Corrected labels</h1>
      {run === null && (
        <Empty title="Of which data set?">
          <p>
            Open a run's pictures from the <a href="/">list of runs</a>.
          </p>
        </Empty>
      )}
      {error && <Notes notes={[error]} kind="error" />}
      {run !== null && !data && !error && <Loading />}
      {data && (
        <p class="faint">
          Kept in <code>{data.file}</code>. The next training on these photos follows it; no photo is moved or changed.
        </p>
      )}
      {data?.marks.length === 0 && (
        <Empty title="No label was corrected">
          <p>Open a picture of the gallery to give it its right class, or to leave it out.</p>
        </Empty>
      )}
      {run !== null && data && 0 < data.marks.length && (
        <div class="scroll card">
          <table>
            <thead>
              <tr>
                <th scope="col">Photo</th>
                <th scope="col">Class by its folder</th>
                <th scope="col">Mark</th>
                <th scope="col">
                  <span class="hidden">Take back</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.marks.map(({ name, mark, class: own }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{own ?? "the photo is not there any more"}</td>
                  <td>{markText(mark)}</td>
                  <td class="number">
                    <button
                      type="button"
                      aria-label={`Take back the mark of ${name}`}
                      onClick={() => void markPhoto({ run, file: name, mark: null }, reload)}
                    >
                      Take back
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
