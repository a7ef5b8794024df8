/** Corrections of labels, with their way back. */
import type { MarkAnswer, MarkChange } from "../../src/serving/dashboard/api.ts";
import { tell } from "./parts/toast.tsx";
import { noteOf, runApi, send } from "./server.ts";

/** What is marked. */
export interface Marked {
  readonly run: string;
  readonly file: string;
  readonly mark: MarkAnswer | null;
}

/** What a mark means, in words. */
export function markText(mark: MarkAnswer | null): string {
  if (!mark) return "no mark";
  return mark.excluded ? "left out" : `is ${mark.label}`;
}

const set = ({ run, file, mark }: Marked): Promise<MarkChange> =>
  send<MarkChange>("PUT", runApi(run, "marks"), { file, mark });

/** Marks a photo, and offers to undo that; `onChange` is called after each change. */
export async function markPhoto(marked: Marked, onChange: (mark: MarkAnswer | null) => void): Promise<void> {
  const name = marked.file.split("/").at(-1) ?? marked.file;
  try {
    const { before } = await set(marked);
    onChange(marked.mark);
    const text = marked.mark
      ? `${name} ${marked.mark.excluded ? "is left out" : markText(marked.mark)} from the next training on`
      : `${name}: mark taken back`;
    tell(text, () => {
      set({ ...marked, mark: before }).then(
        () => onChange(before),
        (error: unknown) => tell(noteOf(error).message),
      );
    });
  } catch (error) {
    const { message, hint } = noteOf(error);
    tell(`${message} ${hint}`);
  }
}
