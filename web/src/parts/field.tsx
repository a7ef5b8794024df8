import type { Note, SettingField } from "../../../src/serving/dashboard/api.ts";

/** A setting in a form. */
export interface FieldProps {
  readonly field: SettingField;
  readonly label: string;
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
export function Field({ field, label, value, usual, offers, fault, onChange }: FieldProps) {
  const id = `setting-${field.name}`;
  const common = {
    id,
    name: field.name,
    "aria-invalid": fault !== undefined,
    "aria-describedby": fault ? `${id}-fault` : undefined,
  };
  const choices = field.kind === "switch" ? ["true", "false"] : field.choices;
  return (
    <div class="field">
      <label for={id}>
        {label} {label.toLowerCase() !== field.name.toLowerCase() && <code>{field.name}</code>}
      </label>
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
