/** How a process ends although native code is at work in its threads and may never return. */
import { abandonThreads } from "./thread/connection.ts";

/** Where the C library is that `_exit` is taken from. */
const C_LIBRARIES: Partial<Record<NodeJS.Platform, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
  win32: "msvcrt.dll",
};

/**
 * Makes ready to leave: what is returned ends the process at once with that exit code, and waits for no thread. Listeners of
 * `exit` are called. `process.exit` joins all worker threads, which native code holds up for as long as it runs, so the C
 * library's `_exit` is called; where that cannot be had, the process kills itself.
 */
export async function prepareLeaving(): Promise<(code: number) => never> {
  const exit = await nativeExit();
  return (code) => {
    abandonThreads();
    try {
      process.emit("exit", code);
    } finally {
      exit?.(code);
      process.kill(process.pid, "SIGKILL");
    }
    return process.exit(code); // unreachable
  };
}

async function nativeExit(): Promise<((code: number) => unknown) | undefined> {
  try {
    const { openLibrary } = await import("./native.ts");
    return openLibrary(C_LIBRARIES[process.platform] ?? "").bind("void _exit(int)");
  } catch {
    return undefined; // no koffi, or another C library
  }
}
