import type { ComponentChildren } from "preact";
import type { Note } from "../../../src/serving/dashboard/api.ts";

/** Things that are wrong, each with what to do. */
export function Notes({ notes, kind = "warning" }: { notes: readonly Note[]; kind?: "warning" | "error" }) {
  if (notes.length === 0) return null;
  return (
    <ul class={`notes ${kind}`} role={kind === "error" ? "alert" : undefined}>
      {notes.map(({ message, hint }) => (
        <li key={message}>
          <strong>{message}</strong> <span>{hint}</span>
        </li>
      ))}
    </ul>
  );
}

/** What is shown where there is nothing yet: what it would be, and what to do. */
export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <svg viewBox="0 0 64 40" width="64" height="40" aria-hidden="true">
        <circle cx="32" cy="12" r="7" />
        <circle cx="18" cy="28" r="7" />
        <circle cx="46" cy="28" r="7" />
      </svg>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** That something is under way. */
export const Loading = ({ what = "Loading" }: { what?: string }) => (
  <p class="loading" role="status">
    {what}…
  </p>
);
