/**
 * Loaded before a command (`node --import`): makes the n-th writing to disk fail, or ends the process at it. What to do is in
 * OCELLI_FAULT, `n:kind:folder`: writings below that folder are counted. At the end OCELLI_FAULT_COUNT is written: how many there were.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { resolve, sep } from "node:path";

const [number, kind, folder = "."] = (process.env.OCELLI_FAULT ?? "0:none:.").split(":");
const wanted = Number(number);
const root = resolve(folder) + sep;
const { writeFileSync } = fs;
let count = 0;
// progress.json is written by the clock, and passed over where it cannot be: it is not counted
const isOurs = (path) =>
  typeof path === "string" && (resolve(path) + sep).startsWith(root) && !path.includes("progress.json");
const die = () => process.kill(process.pid, "SIGKILL");

/** Does a writing, or what is wanted instead of it; `half` does a part of it. */
async function written(act, half) {
  count++;
  if (count !== wanted) return act();
  if (kind === "before") die();
  if (kind === "after") {
    await act();
    die();
  }
  if (kind === "short") {
    await half?.();
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", errno: -28 });
  }
  throw Object.assign(new Error(`${kind}: injected`), { code: kind, errno: -1 });
}

const { open, rename, link, mkdir, writeFile, appendFile, truncate, rm } = fs.promises;
const writes = (flags) => (typeof flags === "number" ? (flags & 3) !== 0 : /[wa+]/.test(flags ?? "r"));
fs.promises.open = async (path, flags, mode) => {
  const ours = isOurs(path) && writes(flags);
  const file = await (ours ? written(() => open(path, flags, mode)) : open(path, flags, mode));
  if (!ours) return file;
  const { writeFile, appendFile, sync, truncate, write } = file;
  const first = (content) => {
    const bytes = Buffer.from(content);
    return bytes.subarray(0, Math.floor(bytes.length / 2));
  };
  file.writeFile = (content, ...rest) =>
    written(
      () => writeFile.call(file, content, ...rest),
      () => writeFile.call(file, first(content)),
    );
  file.appendFile = (content, ...rest) =>
    written(
      () => appendFile.call(file, content, ...rest),
      () => appendFile.call(file, first(content)),
    );
  file.write = (...args) => written(() => write.apply(file, args));
  file.sync = () => written(() => sync.call(file));
  file.truncate = (length) => written(() => truncate.call(file, length));
  return file;
};
fs.promises.rename = (from, to) => (isOurs(to) ? written(() => rename(from, to)) : rename(from, to));
fs.promises.link = (from, to) => (isOurs(to) ? written(() => link(from, to)) : link(from, to));
fs.promises.mkdir = (path, ...rest) => (isOurs(path) ? written(() => mkdir(path, ...rest)) : mkdir(path, ...rest));
fs.promises.rm = (path, ...rest) => (isOurs(path) ? written(() => rm(path, ...rest)) : rm(path, ...rest));
fs.promises.writeFile = (path, ...rest) =>
  isOurs(path) ? written(() => writeFile(path, ...rest)) : writeFile(path, ...rest);
fs.promises.appendFile = (path, ...rest) =>
  isOurs(path) ? written(() => appendFile(path, ...rest)) : appendFile(path, ...rest);
fs.promises.truncate = (path, ...rest) =>
  isOurs(path) ? written(() => truncate(path, ...rest)) : truncate(path, ...rest);
syncBuiltinESMExports();
process.on("exit", () => {
  if (process.env.OCELLI_FAULT_COUNT) writeFileSync(process.env.OCELLI_FAULT_COUNT, String(count));
});
