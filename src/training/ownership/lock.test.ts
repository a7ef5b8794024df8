import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, afterEach, expect, test } from "vitest";
import { LOCK_FILE, lockHolder, lockRun } from "./lock.ts";
import { ownMark } from "./process-mark.ts";

const root = await mkdtemp(join(tmpdir(), "ocelli-lock-"));
afterAll(() => rm(root, { recursive: true }));
const file = join(root, LOCK_FILE);
const children: ChildProcess[] = [];
afterEach(async () => {
  await Promise.all(children.splice(0).map(async (child) => child.kill("SIGKILL") && (await once(child, "exit"))));
  await rm(file, { force: true });
});

/** A process of this machine that does nothing. */
function idleProcess(): number {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  children.push(child);
  return child.pid ?? 0;
}

/** A process that has ended, and that the one that started it does not ask how: its number. */
async function unreaped(): Promise<number> {
  const parent = spawn("sh", ["-c", "sleep 1000 >/dev/null 2>&1 & echo $!; exec cat"]);
  children.push(parent);
  const pid = Number(await nextText(parent.stdout));
  parent.stdin.write("go\n");
  expect(await nextText(parent.stdout)).toBe("go\n"); // by now it is `cat`, which waits for no process
  process.kill(pid, "SIGKILL");
  await expect.poll(() => readFile(`/proc/${pid}/stat`, "utf8")).toContain(") Z ");
  return pid;
}

const nextText = async (stream: Readable): Promise<string> => String((await once(stream, "data"))[0]);

const write = (mark: object) => writeFile(file, JSON.stringify({ ...mark }));

test("one at a time; released, it is free", async () => {
  const lock = await lockRun(root);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(await ownMark());
  expect(await lockHolder(root)).toMatchObject({ pid: process.pid });
  await expect(lockRun(root)).rejects.toThrow(
    `"${root}": expected no other process at the run but process ${process.pid} writes to it.`,
  );
  await lock.release();
  expect([await readdir(root), await lockHolder(root)]).toEqual([[], undefined]);
  await (await lockRun(root)).release();
});

test("another process at work keeps it, also against force; one that has ended, or whose number another one has now, does not", async () => {
  const pid = idleProcess();
  const mark = { pid, host: hostname(), begun: "" };
  await write(mark);
  await expect(lockRun(root, { force: true })).rejects.toThrow(`process ${pid} writes to it.`);
  if (process.platform === "linux") {
    await write({ ...mark, begun: "another boot 7" });
    await (await lockRun(root)).release();
  }
  await write(mark);
  children[0]?.kill("SIGKILL");
  await once(children.splice(0)[0] as ChildProcess, "exit");
  expect(await lockHolder(root)).toBeUndefined();
  await (await lockRun(root)).release();
});

test.runIf(process.platform === "linux")(
  "a process that was killed and that nobody has waited for does not keep it",
  async () => {
    await write({ pid: await unreaped(), host: hostname(), begun: "" });
    expect(await lockHolder(root)).toBeUndefined();
    await (await lockRun(root)).release();
  },
);

test("one that another machine has taken by force meanwhile stays", async () => {
  const lock = await lockRun(root);
  const other = { pid: process.pid, host: "elsewhere", begun: "" };
  await write(other);
  await lock.release();
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(other);
});

test("one of another machine is refused with what to do, and taken by force", async () => {
  await write({ pid: 7, host: "elsewhere", begun: "" });
  await expect(lockRun(root)).rejects.toMatchObject({
    message: `"${root}": expected no other process at the run but its run.lock is of process 7 on elsewhere.`,
    hint: `If that process is gone, take the run with: ocelli resume ${root} --force`,
  });
  const lock = await lockRun(root, { force: true });
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(await ownMark());
  await lock.release();
});

test.each(["", "{", "[]", '{"pid":-1,"host":"a","begun":""}'])(
  "one that says %j is about to be written; when it is old, it is taken",
  async (text) => {
    await writeFile(file, text);
    await expect(lockRun(root)).rejects.toThrow("expected no other process at the run but one begins.");
    const old = new Date(Date.now() - 60_000);
    await utimes(file, old, old);
    await (await lockRun(root)).release();
  },
);

test("of many that find an old one, a single one takes it", async () => {
  await write({ pid: 7, host: "elsewhere", begun: "" });
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockRun(root, { force: true })));
  const taken = tries.filter((result) => result.status === "fulfilled");
  expect(taken).toHaveLength(1);
  await taken[0]?.value.release();
});

test("a link is not followed", async () => {
  const other = join(root, "other");
  await symlink(other, file);
  await expect(lockRun(root)).rejects.toThrow();
  await expect(readFile(other)).rejects.toMatchObject({ code: "ENOENT" });
});
