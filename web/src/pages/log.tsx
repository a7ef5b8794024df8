import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Empty, Loading, Notes } from "../parts/notes.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { runApi, useResource } from "../server.ts";
import type { TabProps } from "./run.tsx";

const INTERVAL = 2000;

/** What the run's process said: its log, and all of it if the dashboard has started it. */
export function Log({ run }: TabProps) {
  const isLive = run.state === "training" || run.state === "starting";
  const { data, error, reload } = useResource<{ lines: readonly string[] }>(
    run.state === "starting" || (run.state === "failed" && run.epochsWanted === null) ? null : runApi(run.id, "log"),
  );
  // `reload` is another function each time
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(reload, INTERVAL);
    return () => clearInterval(timer);
  }, [isLive, run.id]);
  const said = run.company.job?.lines ?? [];
  const lines = data?.lines ?? [];
  if (error && said.length === 0) return <Notes notes={[error]} kind="error" />;
  if (!data && said.length === 0) return isLive ? <Loading what="Nothing has been said yet" /> : <Loading />;
  if (lines.length + said.length === 0) {
    return (
      <Empty title="The log is empty">
        <p>What training tells appears here.</p>
      </Empty>
    );
  }
  return (
    <>
      {0 < lines.length && <Lines title="log.txt" lines={lines} />}
      {0 < said.length && <Lines title="Said by the process" lines={said} />}
    </>
  );
}

/** Pixels from the end within which a log counts as looked at to its end. */
const NEAR = 24;

/** Lines of which the last are seen first; while they are, new ones are too. */
function Lines({ title, lines }: { title: string; lines: readonly string[] }) {
  const section = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);
  const box = (): Element | null | undefined => section.current?.querySelector(".log");
  useLayoutEffect(() => {
    const element = box();
    if (element && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  const look = (): void => {
    const element = box();
    if (element) isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
  };
  return (
    <section ref={section} onScrollCapture={look}>
      <h2>{title}</h2>
      <Scroll kind="card log" label={title}>
        <pre>{lines.join("\n")}</pre>
      </Scroll>
    </section>
  );
}
