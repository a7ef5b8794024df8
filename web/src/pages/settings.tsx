import { useState } from "preact/hooks";
import { valueText } from "../format.ts";
import { Coded } from "../parts/coded.tsx";
import { Empty } from "../parts/notes.tsx";
import type { TabProps } from "./run.tsx";

/** The settings of a run, and where each came from. */
export function Settings({ run }: TabProps) {
  const [all, setAll] = useState(false);
  const given = run.settings.filter(({ from }) => from !== "default");
  if (run.settings.length === 0) {
    return (
      <Empty title="The settings are not known">
        <p>The run's folder has no config.json that can be read.</p>
      </Empty>
    );
  }
  const shown = all || given.length === 0 ? run.settings : given;
  return (
    <section>
      <div class="bar">
        <label class="check">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /> Defaults too
        </label>
        <p class="faint">
          {given.length} of {run.settings.length} settings are not defaults
        </p>
      </div>
      <div class="scroll card">
        <table>
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ name, flag, text, unit, value, from }) => (
              <tr key={name}>
                <th scope="row">
                  <code>{flag}</code>
                  {text !== "" && (
                    <small class="help">
                      <Coded text={text} />
                    </small>
                  )}
                </th>
                <td>
                  <code>{valueText(value)}</code> {unit !== null && typeof value === "number" && <small>{unit}</small>}
                </td>
                <td class="faint">{from}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
