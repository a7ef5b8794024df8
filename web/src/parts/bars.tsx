import type { Classified } from "../../../src/serving/dashboard/api.ts";
import { percent } from "../format.ts";

/** Classes with their probabilities as bars. */
export function Bars({ top }: Pick<Classified, "top">) {
  return (
    <ol class="bars">
      {top.map((entry) => (
        <li key={entry.class}>
          <span class="name">{entry.class}</span>
          <span class="track" aria-hidden="true">
            <span style={{ width: `${100 * entry.probability}%` }} />
          </span>
          <span class="value">{percent(entry.probability)}</span>
        </li>
      ))}
    </ol>
  );
}
