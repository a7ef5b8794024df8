/** The data set of a run, found again. */
import { stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { DATA_NAMES } from "../../../data/index.ts";
import { missing } from "../status-error.ts";

/**
 * What a run's setting `data` means here: a name stays as it is; a relative path is looked for from where the dashboard runs, then
 * from the folders around the run. What is nowhere is a 404.
 */
export async function dataPlace(data: string, run: string): Promise<string> {
  if ((DATA_NAMES as readonly string[]).includes(data)) return data;
  const folders = [process.cwd()];
  for (let folder = dirname(run); folder !== dirname(folder); folder = dirname(folder)) folders.push(folder);
  for (const path of isAbsolute(data) ? [data] : folders.map((folder) => join(folder, data)))
    if (await stat(path).catch(() => undefined)) return path;
  throw missing(
    `data "${data}": expected the run's data set but it is not there any more.`,
    "Bring it back, or start the dashboard in the folder in which the run was trained.",
  );
}
