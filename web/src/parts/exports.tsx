import type { RunDetail } from "../../../src/serving/dashboard/api.ts";
import { bytes } from "../format.ts";
import { runApi } from "../server.ts";
import { Notes } from "./notes.tsx";

/** Models that were exported from the page: files to download, and pages by their paths. */
export function ExportedModels({ run }: { run: RunDetail }) {
  const { files, state, error } = run.company.exports;
  if (files.length === 0 && state === "none") return null;
  return (
    <section>
      <h2>Exported models</h2>
      {error && <Notes notes={[error]} kind="error" />}
      {state === "running" && (
        <p class="faint" role="status">
          A model is being exported and checked…
        </p>
      )}
      <ul class="exports">
        {files.map(({ name, path, bytes: size, isFolder }) => (
          <li key={name}>
            {isFolder ? (
              <strong>{name}</strong>
            ) : (
              <a href={runApi(run.id, `exports/${encodeURIComponent(name)}`)} download={name}>
                {name}
              </a>
            )}{" "}
            <small>{bytes(size)}</small>
            <br />
            <code class="faint">{path}</code>
            {isFolder && <small> any static web server shows it</small>}
          </li>
        ))}
      </ul>
    </section>
  );
}
