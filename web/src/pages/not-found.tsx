import { Empty } from "../parts/notes.tsx";
import { useTitle } from "../parts/title.tsx";

/** An address that is none. */
export function NotFound() {
  useTitle("Not found");
  return (
    <>
      <h1 tabIndex={-1} class="hidden">
        Not found
      </h1>
      <Empty title="There is nothing at this address">
        <p>
          Go to <a href="/">all runs</a>.
        </p>
      </Empty>
    </>
  );
}
