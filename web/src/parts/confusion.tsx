import type { RunReport } from "../../../src/serving/dashboard/api.ts";
import { count } from "../format.ts";
import { query, withQuery } from "../router.ts";

/** Classes of which the whole matrix is drawn. */
const DRAWN = 40;
const LISTED = 30;
/** Share of the colour in a full cell, so that its number stays readable. */
const FULL = 46;

/** The address that shows the pictures of a cell. */
const cellHref = (truth: string, predicted: string): string =>
  withQuery({ class: truth, predicted, only: null, picture: null });

function Matrix({ classes, confusion }: RunReport) {
  const [truth, predicted] = [query.value.get("class"), query.value.get("predicted")];
  return (
    <table class="confusion">
      <caption class="hidden">Confusion matrix: a row for each class, a column for what it is taken for</caption>
      <thead>
        <tr>
          <td />
          {classes.map((name) => (
            <th key={name} scope="col" title={name}>
              <span>{name}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {confusion.map((row, at) => {
          const own = classes[at] ?? "";
          const total = row.reduce((sum, cell) => sum + cell, 0);
          return (
            <tr key={own}>
              <th scope="row" title={own}>
                <span>{own}</span>
              </th>
              {row.map((cell, column) => {
                const taken = classes[column] ?? "";
                const hue = column === at ? "--good" : "--bad";
                const share = cell === 0 ? 0 : 8 + ((FULL - 8) * cell) / total;
                return (
                  <td key={taken} style={{ background: `color-mix(in srgb, var(${hue}) ${share}%, var(--surface))` }}>
                    {cell === 0 ? (
                      <span class="none">0</span>
                    ) : (
                      <a
                        href={cellHref(own, taken)}
                        aria-label={`${count(cell)} of class ${own} taken for ${taken}: show them`}
                        aria-current={own === truth && taken === predicted ? "true" : undefined}
                      >
                        {count(cell)}
                      </a>
                    )}
                  </td>
                );
              })}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** The most frequent confusions, where there are too many classes for a matrix. */
function Confusions({ classes, confusion }: RunReport) {
  const pairs = confusion.flatMap((row, at) =>
    row.flatMap((cell, column) => (column === at || cell === 0 ? [] : [{ at, column, cell }])),
  );
  const most = pairs.toSorted((a, b) => b.cell - a.cell).slice(0, LISTED);
  return (
    <ol class="confusions">
      {most.map(({ at, column, cell }) => (
        <li key={`${at} ${column}`}>
          <a href={cellHref(classes[at] ?? "", classes[column] ?? "")}>
            {count(cell)} × {classes[at]} taken for {classes[column]}
          </a>
        </li>
      ))}
    </ol>
  );
}

/** Who is taken for whom; each cell opens the pictures behind it. */
export function Confusion({ report }: { report: RunReport }) {
  return (
    <section class="card padded">
      <h2>Confusion</h2>
      <p class="faint">Rows are the true classes, columns what they are taken for. A cell opens its pictures.</p>
      <div class="scroll">{report.classes.length <= DRAWN ? <Matrix {...report} /> : <Confusions {...report} />}</div>
    </section>
  );
}
