import { useEffect, useRef, useState } from "preact/hooks";
import type {
  RunDetail,
  RunList,
  SettingField,
  StartedRun,
  TrainCheck,
  TrainForm,
} from "../../../src/serving/dashboard/api.ts";
import { valueText } from "../format.ts";
import { Field } from "../parts/field.tsx";
import { Loading, Notes } from "../parts/notes.tsx";
import { useTitle } from "../parts/title.tsx";
import { tell } from "../parts/toast.tsx";
import { go, query, runHref } from "../router.ts";
import { ask, noteOf, runApi, ServerError, send, useResource } from "../server.ts";

/** What is asked of everyone; the rest is for those who look for it. */
const FIRST = [
  "data",
  "model",
  "weights",
  "freeze",
  "epochs",
  "batchSize",
  "learningRate",
  "optimizer",
  "augment",
  "seed",
];
/** What is offered for free texts. */
const OFFERS: Readonly<Record<string, readonly string[]>> = {
  data: ["digits", "mnist", "fashion-mnist"],
  weights: ["auto", "none", "imagenet"],
  freeze: ["none", "backbone"],
};
/** Milliseconds without typing before values are checked. */
const PAUSE = 250;

type Values = Readonly<Record<string, string | number | boolean>>;

/** Numbers as numbers; what is none stays as it is, for the server to say so. */
const parsed = ({ kind }: SettingField, text: string): string | number | boolean => {
  if (kind === "switch") return text === "true";
  return kind === "number" && text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
};

/** What the server says of the values. */
function useCheck(values: Values): TrainCheck | undefined {
  const [check, setCheck] = useState<TrainCheck>();
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(() => {
      send<TrainCheck>("POST", "/api/train/check", values).then(
        (answer) => {
          if (gone) return;
          setCheck((before) =>
            answer.settings.length === 0 && before ? { ...answer, settings: before.settings } : answer,
          );
        },
        () => {}, // told when the form is sent
      );
    }, PAUSE);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [values]);
  return check;
}

/** The values that a form begins with: a draft, or those of another run that a person had given. */
function useValuesOf(run: string | null, draft: Values | undefined): Values | undefined {
  const { data, error } = useResource<RunDetail>(run === null ? null : runApi(run));
  if (run === null || error) return draft ?? {};
  if (!data) return undefined;
  const given = data.settings.filter(({ from }) => from === "flag" || from === "file");
  const own = given.map(({ name, value }) => [name, value] as const);
  return Object.fromEntries([
    ...own,
    ...data.settings.filter(({ name }) => name === "data").map(({ value }) => ["data", value] as const),
  ]) as Values;
}

interface FormProps {
  readonly form: TrainForm;
  readonly first: Values;
  /** The run that it begins with. */
  readonly from: string | null;
  readonly offers: Readonly<Record<string, readonly string[]>>;
}

/** What was filled in last, by the run that it began with, so that coming back loses nothing. */
const drafts = new Map<string | null, Values>();

/** What was filled in, what is wrong with it, and how it is sent. */
function useForm(first: Values, from: string | null) {
  const [values, setValues] = useState<Values>(first);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set(Object.keys(first)));
  const [sent, setSent] = useState<TrainCheck["faults"]>();
  const [isBusy, setBusy] = useState(false);
  const check = useCheck(values);
  useEffect(() => {
    drafts.set(from, values);
  }, [from, values]);
  const clear = (): void => {
    setSent(undefined);
    setTouched(new Set());
    setValues({});
  };
  const change = (field: SettingField, text: string): void => {
    setSent(undefined);
    setTouched((before) => new Set(before).add(field.name));
    setValues(({ [field.name]: _, ...others }) =>
      text === "" ? others : { ...others, [field.name]: parsed(field, text) },
    );
  };
  const start = async (): Promise<boolean> => {
    setBusy(true);
    try {
      const { id } = await send<StartedRun>("POST", "/api/train", values);
      tell("Training begins.");
      go(runHref(id));
      return true;
    } catch (error) {
      setBusy(false);
      const found =
        error instanceof ServerError ? (error.answer.faults as TrainCheck["faults"] | undefined) : undefined;
      setSent(found ?? [{ setting: null, ...noteOf(error) }]);
      return false;
    }
  };
  const faults = sent ?? check?.faults.filter(({ setting }) => setting === null || touched.has(setting)) ?? [];
  return { values, settings: check?.settings ?? [], faults, isBusy, change, clear, start };
}

function Form({ form, first, from, offers }: FormProps) {
  const { values, settings, faults, isBusy, change, clear, start } = useForm(first, from);
  const element = useRef<HTMLFormElement>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await start()) return;
    requestAnimationFrame(() => element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  const usualOf = (name: string): string =>
    name === "data" ? "" : valueText(settings.find((setting) => setting.name === name)?.value ?? "");
  const show = (field: SettingField) => (
    <Field
      key={field.name}
      field={field.name === "model" ? { ...field, kind: "choice", choices: form.models } : field}
      value={field.name in values ? String(values[field.name]) : ""}
      usual={usualOf(field.name)}
      offers={offers[field.name]}
      fault={faults.find(({ setting }) => setting === field.name)}
      onChange={(text) => change(field, text)}
    />
  );
  const others = form.fields.filter(({ name }) => !FIRST.includes(name));
  const isOpen = others.some(({ name }) => faults.some(({ setting }) => setting === name) || name in first);
  return (
    <form ref={element} noValidate onSubmit={(event) => void submit(event)}>
      <div class="fields card padded">
        {FIRST.flatMap((name) => form.fields.filter((field) => field.name === name)).map(show)}
      </div>
      <details class="card padded" open={isOpen}>
        <summary>All other settings</summary>
        <div class="fields">{others.map(show)}</div>
      </details>
      <Notes notes={faults.filter(({ setting }) => setting === null)} kind="error" />
      <div class="bar">
        <button type="submit" class="primary" disabled={isBusy || form.refusal !== null}>
          {isBusy ? "Starting…" : "Start training"}
        </button>
        {0 < Object.keys(values).length && (
          <button type="button" onClick={clear}>
            Empty the form
          </button>
        )}
        <p class="faint">
          {0 < faults.length
            ? "Something has to be corrected first."
            : "Fields left empty take the value shown in grey."}
        </p>
      </div>
    </form>
  );
}

/** The form for a new run. */
export function NewRunPage() {
  useTitle("New run");
  const from = query.value.get("from");
  const { data: form, error } = useResource<TrainForm>("/api/train");
  const draft = useRef(drafts.get(from));
  const first = useValuesOf(draft.current ? null : from, draft.current);
  const [known, setKnown] = useState<readonly string[]>([]);
  useEffect(() => {
    ask<RunList>("/api/runs").then(
      ({ runs }) => setKnown(runs.flatMap(({ data }) => data ?? [])),
      () => {}, // they are only offered
    );
  }, []);
  const offers = { ...OFFERS, data: [...new Set([...known, ...(OFFERS.data ?? [])])] };
  return (
    <>
      <p class="crumbs">
        <a href="/">Runs</a>
      </p>
      <h1 tabIndex={-1}>New run</h1>
      <p class="faint">
        {from === null
          ? "A folder of photos, one folder a class, or one of the data sets that ocelli knows. It is the same as ocelli train."
          : `The settings of ${from}; change what you like.`}
      </p>
      {error && <Notes notes={[error]} kind="error" />}
      {form?.refusal && <Notes notes={[form.refusal]} />}
      {form && first ? <Form form={form} first={first} from={from} offers={offers} /> : !error && <Loading />}
    </>
  );
}
