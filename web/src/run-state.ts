/** A run as it is now: what the server has, and what it tells from then on. */
import { useEffect, useState } from "preact/hooks";
import type { LiveRecords, LiveState, Metrics, Note, RunDetail } from "../../src/serving/dashboard/api.ts";
import { listen } from "./live.ts";
import { ask, noteOf, runApi } from "./server.ts";

function withRecords(metrics: Metrics, records: LiveRecords): Metrics {
  const { epochs, evals, steps, end } = metrics;
  return {
    epochs: [...epochs, ...records.filter((record) => record.type === "epoch")],
    evals: [...evals, ...records.filter((record) => record.type === "eval")],
    steps: [
      ...steps,
      ...records.flatMap((record) => (record.type === "step" ? [[record.step, record.loss, record.lr] as const] : [])),
    ],
    end,
  };
}

/** What is known of a run. */
export interface KnownRun {
  readonly run: RunDetail | undefined;
  readonly error: Note | undefined;
  readonly reload: () => void;
}

/** The run of that id, kept up to date. */
export function useRun(id: string): KnownRun {
  const [run, setRun] = useState<RunDetail>();
  const [error, setError] = useState<Note>();
  const [turn, setTurn] = useState(0);
  const reload = (): void => setTurn((value) => value + 1);
  // `turn` reads all again
  useEffect(() => {
    let stop = (): void => {};
    let gone = false;
    ask<RunDetail>(runApi(id)).then(
      (detail) => {
        if (gone) return;
        setRun(detail);
        setError(undefined);
        stop = follow(id, detail, { setRun, setError, reload });
      },
      (thrown: unknown) => {
        if (!gone) setError(noteOf(thrown));
      },
    );
    return () => {
      gone = true;
      stop();
    };
  }, [id, turn]);
  return { run, error, reload };
}

interface Followers {
  readonly setRun: (change: (run: RunDetail | undefined) => RunDetail | undefined) => void;
  readonly setError: (note: Note) => void;
  readonly reload: () => void;
}

function follow(id: string, first: RunDetail, { setRun, setError, reload }: Followers): () => void {
  let { state } = first;
  const stop = listen((lastId) => runApi(id, `events?after=${lastId ?? first.metrics.end}`), {
    records(data) {
      const records = JSON.parse(data) as LiveRecords;
      setRun((run) => run && { ...run, metrics: withRecords(run.metrics, records) });
    },
    state(data) {
      const { entry, company } = JSON.parse(data) as LiveState;
      // settings are there once a run has begun, and its summary at its end
      if (entry.state !== state && (entry.state === "finished" || state === "starting" || state === "queued")) reload();
      state = entry.state;
      setRun((run) => run && { ...run, ...entry, company });
    },
    reset: reload,
    gone(data) {
      stop();
      setError(JSON.parse(data) as Note);
    },
  });
  return stop;
}
