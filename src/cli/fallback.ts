import { note } from "./output.ts";

/** Says why `auto` passes over a libdnnl that is there, if it does; `train` has that in its log. */
export async function noteFallback(engine: string): Promise<void> {
  if (engine !== "auto") return;
  const { fastestEngine } = await import("../engines/inspect.ts");
  const { note: why } = await fastestEngine();
  if (why !== undefined) note(why);
}
