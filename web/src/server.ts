/** What is asked of the server. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { ErrorAnswer, Note } from "../../src/serving/dashboard/api.ts";

/** Whether the server answered last time. */
export const isConnected = signal(true);

/** An answer that is an error. */
export class ServerError extends Error {
  readonly hint: string;
  readonly status: number;
  /** The whole answer, which may say more. */
  readonly answer: Partial<ErrorAnswer> & Readonly<Record<string, unknown>>;

  constructor(status: number, { message, hint }: Note, answer: ServerError["answer"] = {}) {
    super(message);
    this.status = status;
    this.hint = hint;
    this.answer = answer;
  }
}

/** What an error of any kind says. */
export const noteOf = (error: unknown): Note =>
  error instanceof ServerError
    ? { message: error.message, hint: error.hint }
    : { message: error instanceof Error ? error.message : String(error), hint: "Reload the page." };

/** The address of something of a run. */
export const runApi = (id: string, rest = ""): string => `/api/runs/${encodeURIComponent(id)}${rest && `/${rest}`}`;

/** Asks the server; an error is thrown as `ServerError`. */
export async function ask<Answer>(address: string, init: RequestInit = {}): Promise<Answer> {
  const headers = { ...(init.method && { "x-ocelli": "1" }), ...init.headers };
  const response = await fetch(address, { ...init, headers }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    isConnected.value = false;
    const hint = "Start it again with: ocelli ui";
    throw new ServerError(0, { message: "The dashboard's server does not answer.", hint });
  });
  isConnected.value = true;
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer as Answer;
  const note = answer.error ?? { message: `The server answered ${response.status}.`, hint: "Reload the page." };
  throw new ServerError(response.status, note, answer);
}

/** Sends JSON. */
export const send = <Answer>(method: "POST" | "PUT" | "DELETE", address: string, body?: unknown): Promise<Answer> =>
  ask(address, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });

/** What was asked for, as far as it is there. */
export interface Resource<Answer> {
  readonly data: Answer | undefined;
  readonly error: Note | undefined;
  readonly reload: () => void;
}

/** What the server has at an address; asked for again when the address changes. Null asks nothing. */
export function useResource<Answer>(address: string | null): Resource<Answer> {
  const [state, setState] = useState<{ address?: string; data?: Answer; error?: Note }>({});
  const [turn, setTurn] = useState(0);
  // `turn` asks again
  useEffect(() => {
    if (address === null) return;
    const control = new AbortController();
    ask<Answer>(address, { signal: control.signal }).then(
      (data) => setState({ address, data }),
      (error: unknown) => {
        if (!control.signal.aborted) setState({ address, error: noteOf(error) });
      },
    );
    return () => control.abort();
  }, [address, turn]);
  const isOfIt = state.address === address;
  return {
    data: isOfIt ? state.data : undefined,
    error: isOfIt ? state.error : undefined,
    reload: () => setTurn((value) => value + 1),
  };
}
