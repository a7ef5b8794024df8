import type { RunReport } from "../../../src/serving/dashboard/api.ts";
import { count, percent } from "../format.ts";
import { withQuery } from "../router.ts";
import { Scroll } from "./scroll.tsx";

/** Figures of each class; a class opens its pictures. */
export function PerClass({ report }: { report: RunReport }) {
  return (
    <section class="card padded">
      <h2>Classes</h2>
      <p class="faint">
        {percent(report.accuracy)} of {count(report.count)} right (95% interval {percent(report.accuracyInterval[0])} to{" "}
        {percent(report.accuracyInterval[1])})
      </p>
      <Scroll kind="tall" label="Figures of each class">
        <table>
          <thead>
            <tr>
              <th scope="col">Class</th>
              <th scope="col" class="number">
                Images
              </th>
              <th scope="col" class="number">
                Precision
              </th>
              <th scope="col" class="number">
                Recall
              </th>
              <th scope="col" class="number">
                F1
              </th>
            </tr>
          </thead>
          <tbody>
            {report.perClass.map((entry) => (
              <tr key={entry.class}>
                <th scope="row">
                  <a href={withQuery({ class: entry.class, predicted: null, picture: null })}>{entry.class}</a>
                </th>
                <td class="number">{count(entry.count)}</td>
                <td class="number">{percent(entry.precision, 1)}</td>
                <td class="number">{percent(entry.recall, 1)}</td>
                <td class="number">{percent(entry.f1, 1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
