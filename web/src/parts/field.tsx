import type { Note, SettingField } from "../../../src/serving/dashboard/api.ts";
import { Coded } from "./coded.tsx";

/** A setting in a form. */
export interface FieldProps {
  readonly field: SettingField;
  /** "" where nothing is given. */
  readonly value: string;
  /** What is taken then. */
  readonly usual: string;
  /** Texts that are offered. */
  readonly offers?: readonly string[];
  readonly fault?: Note;
  readonly onChange: (text: string) => void;
}

/** A field with its label, and under it what is wrong with it. */
export function Field({ field, value, usual, offers, fault, onChange }: FieldProps) {
  const id = `setting-${field.name}`;
  const common = {
    id,
    name: field.name,
    "aria-invalid": fault !== undefined,
    "aria-describedby": fault ? `${id}-fault ${id}-text` : `${id}-text`,
  };
  const choices = field.kind === "switch" ? ["true", "false"] : field.choices;
  return (
    <div class="field">
      <label for={id}>
        <code>{field.flag}</code>
      </label>
      <p id={`${id}-text`} class="help">
        <Coded text={field.text} />
      </p>
      {choices ? (
        <select {...common} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          <option value="">{usual === "" ? "as usual" : `${usual} (as usual)`}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <span class="measured">
          <input
            {...common}
            type="text"
            inputMode={field.kind === "number" ? "decimal" : undefined}
            autocomplete="off"
            spellcheck={false}
            list={offers ? `${id}-offers` : undefined}
            value={value}
            placeholder={usual || field.expected}
            onInput={(event) => onChange(event.currentTarget.value)}
          />
          {field.unit !== null && <span class="unit">{field.unit}</span>}
        </span>
      )}
      {offers && (
        <datalist id={`${id}-offers`}>
          {offers.map((offer) => (
            <option key={offer} value={offer} />
          ))}
        </datalist>
      )}
      {fault && (
        <p id={`${id}-fault`} class="fault">
          {fault.message} {fault.hint}
        </p>
      )}
    </div>
  );
}
