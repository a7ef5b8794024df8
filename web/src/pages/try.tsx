import { useEffect, useRef, useState } from "preact/hooks";
import type { Classified, Note } from "../../../src/serving/dashboard/api.ts";
import { Bars } from "../parts/bars.tsx";
import { Camera } from "../parts/camera.tsx";
import { Empty, Loading, Notes } from "../parts/notes.tsx";
import { ask, noteOf, runApi } from "../server.ts";
import type { TabProps } from "./run.tsx";

/** A picture that was given, and what became of it. */
interface Attempt {
  readonly key: number;
  readonly name: string;
  /** Of the picture itself. */
  readonly url: string;
  readonly answer?: Classified;
  readonly fault?: Note;
}

let keys = 0;

/** A name that no picture before has: `bee.jpg`, of a second one `bee.jpg (2)`. */
function ownName(name: string, attempts: readonly Attempt[]): string {
  const taken = new Set(attempts.map((attempt) => attempt.name));
  let own = name;
  for (let number = 2; taken.has(own); number++) own = `${name} (${number})`;
  return own;
}

/** Pictures that were given, the last first. */
function useAttempts(run: string) {
  const [attempts, setAttempts] = useState<readonly Attempt[]>([]);
  const last = useRef(attempts);
  last.current = attempts;
  useEffect(
    () => () => {
      for (const { url } of last.current) URL.revokeObjectURL(url);
    },
    [],
  );
  const add = (picture: Blob, name: string): void => {
    const key = ++keys;
    setAttempts((before) => [{ key, name: ownName(name, before), url: URL.createObjectURL(picture) }, ...before]);
    const finish = (outcome: Partial<Attempt>): void =>
      setAttempts((before) => before.map((attempt) => (attempt.key === key ? { ...attempt, ...outcome } : attempt)));
    const address = runApi(run, `classify?name=${encodeURIComponent(name)}`);
    ask<Classified>(address, { method: "POST", body: picture }).then(
      (answer) => finish({ answer }),
      (error: unknown) => finish({ fault: noteOf(error) }),
    );
  };
  return { attempts, add };
}

function Outcome({ attempt: { name, url, answer, fault } }: { attempt: Attempt }) {
  const [isPlain, setPlain] = useState(false);
  return (
    <li class="card attempt">
      {answer && (
        <button type="button" class="bare" aria-pressed={!isPlain} onClick={() => setPlain(!isPlain)}>
          <img src={isPlain ? url : answer.overlay} alt={isPlain ? name : `${name} under its heat map`} />
          <span>{isPlain ? "Show the heat map" : "Show the picture alone"}</span>
        </button>
      )}
      <div>
        <h3>{name}</h3>
        {answer && <Bars top={answer.top} />}
        {fault && <Notes notes={[fault]} kind="error" />}
        {!answer && !fault && <Loading what="Looking at it" />}
      </div>
    </li>
  );
}

/** The pictures among dropped or pasted things. */
const picturesIn = (data: DataTransfer | null): File[] => [...(data?.files ?? [])];

/** Pictures of one's own, classified with a heat map. */
export function Try({ run }: TabProps) {
  const { attempts, add } = useAttempts(run.id);
  const [isOver, setOver] = useState(false);
  const [hasCamera, setCamera] = useState(false);
  const take = (files: readonly File[]): void => {
    for (const file of files) add(file, file.name || "pasted picture");
  };
  const last = useRef(take);
  last.current = take;
  useEffect(() => {
    const paste = (event: ClipboardEvent): void => last.current(picturesIn(event.clipboardData));
    addEventListener("paste", paste);
    return () => removeEventListener("paste", paste);
  }, []);
  if (!run.company.hasWeights) {
    return (
      <Empty title="No weights yet">
        <p>Pictures can be classified as soon as the run has saved its weights.</p>
      </Empty>
    );
  }
  return (
    <section aria-label="Try it">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same */}
      <div
        class={`drop ${isOver ? "over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(picturesIn(event.dataTransfer));
        }}
      >
        <p>
          <strong>Drop pictures here</strong>, paste one, or
        </p>
        <div class="actions">
          <label class="button">
            Choose files
            <input
              type="file"
              class="hidden"
              accept="image/*"
              multiple
              onChange={(event) => {
                take([...(event.currentTarget.files ?? [])]);
                event.currentTarget.value = "";
              }}
            />
          </label>
          <button type="button" aria-pressed={hasCamera} onClick={() => setCamera(!hasCamera)}>
            {hasCamera ? "Close the camera" : "Camera"}
          </button>
        </div>
        <p class="faint">They stay on this machine.</p>
      </div>
      {hasCamera && <Camera onPicture={(picture) => add(picture, "camera")} />}
      <ul class="attempts" aria-live="polite">
        {attempts.map((attempt) => (
          <Outcome key={attempt.key} attempt={attempt} />
        ))}
      </ul>
    </section>
  );
}
