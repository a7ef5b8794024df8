/** Light or dark: the system's choice until a person makes one. */
import { effect, signal } from "@preact/signals";

/** What was chosen. */
export type Theme = "system" | "light" | "dark";

const stored = (): Theme => {
  const { theme } = document.documentElement.dataset;
  return theme === "light" || theme === "dark" ? theme : "system";
};

/** What is chosen now. */
export const theme = signal<Theme>(stored());

/** Counts changes of colours, for what is drawn and not styled. */
export const colours = signal(0);

effect(() => {
  const chosen = theme.value;
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  try {
    if (chosen === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", chosen);
  } catch {} // storage may be switched off
  colours.value = colours.peek() + 1;
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  colours.value++;
});

/** The value of a custom property, such as `--train`. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
