/** Finds and loads oneDNN. */
import { SPIN_COUNT, saysHowToWait } from "../../environment.ts";
import { messageOf, UserError } from "../../errors.ts";
import { type NativeFunction, openLibrary, type Pointer, setNativeEnvironment, viewOf } from "../native.ts";

/** A loaded libdnnl. */
export interface Library {
  /** The file, as the loader was asked for it. */
  readonly file: string;
  /** Such as `[2, 6, 3]`. */
  readonly version: readonly [number, number, number];
  /** Binds a C function by its prototype. */
  bind(prototype: string): NativeFunction;
  /** As `bind`, of a function that this build of the library may not have. */
  bindIfThere(prototype: string): NativeFunction | undefined;
}

/** Names that are tried if OCELLI_DNNL names no file; the system's loader knows the folders. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  // 3.6 is how Debian 13 names its 3.7
  linux: ["libdnnl.so.3", "libdnnl.so.3.6", "libdnnl.so.2"],
  darwin: ["3", "2"].flatMap((major) =>
    ["", "/opt/homebrew/lib/", "/usr/local/lib/"].map((folder) => `${folder}libdnnl.${major}.dylib`),
  ),
  win32: ["dnnl.dll"],
};

/** Versions whose C functions are called here: 2.x from the first with dilated pools on, and 3.x. */
const LEAST = { major: 2, minor: 6 } as const;
const NEWEST_MAJOR = 3;
const WANTED = `${LEAST.major}.${LEAST.minor} or newer, up to ${NEWEST_MAJOR}.x,`;

/**
 * The oneDNN that OCELLI_DNNL names or the system has; undefined if the system has none. A `UserError` says that the named one
 * cannot be loaded, or that the one found is of a version that cannot be used.
 */
export function findLibrary(named: string | undefined = process.env.OCELLI_DNNL): Library | undefined {
  const { library, failures } = search(named);
  if (library || !named) return library;
  throw missing(failures, NAMED_HINT);
}

/** As `findLibrary`, but that the system has none is a `UserError` too, which says which files were tried. */
export function loadLibrary(): Library {
  const { OCELLI_DNNL: named } = process.env;
  const { library, failures } = search(named);
  if (library) return library;
  throw missing(failures, named ? NAMED_HINT : installHint());
}

const NAMED_HINT = "Set OCELLI_DNNL to the file, or leave it out.";

const missing = (failures: readonly string[], hint: string): UserError =>
  new UserError(
    `engine onednn: expected a libdnnl of version ${WANTED} but found none (${failures.join("; ") || "this platform has no name for it"}).`,
    hint,
  );

/** The named file or the first of the system's that can be loaded, or why none can. */
function search(named: string | undefined): { library?: Library; failures: string[] } {
  const files = named ? [named] : (NAMES[process.platform] ?? []);
  const failures: string[] = [];
  for (const file of files) {
    try {
      return { library: checked(open(file)), failures };
    } catch (error) {
      if (error instanceof UserError) throw error;
      failures.push(`${file}: ${messageOf(error).split("\n")[0]}`);
    }
  }
  return { failures };
}

/** The one command that adds oneDNN to this system. */
export const installHint = (): string =>
  process.platform === "linux"
    ? "On Debian 13: apt-get install libdnnl3.6. On Debian 12: apt-get install libdnnl2. Elsewhere build oneDNN from its sources and set OCELLI_DNNL to libdnnl.so."
    : "Build oneDNN from its sources and set OCELLI_DNNL to the library's file.";

/** OpenMP reads it when it is loaded. */
function limitSpinning(): void {
  if (!saysHowToWait(process.env)) setNativeEnvironment("GOMP_SPINCOUNT", SPIN_COUNT);
}

function open(file: string): Library {
  limitSpinning();
  const { bind } = openLibrary(file);
  const version = bind<Pointer>("void *dnnl_version()")();
  const [major = 0, minor = 0, patch = 0] = new Int32Array(viewOf(version, 3 * Int32Array.BYTES_PER_ELEMENT));
  return {
    file,
    version: [major, minor, patch],
    bind,
    bindIfThere(prototype) {
      try {
        return bind(prototype);
      } catch {
        return undefined;
      }
    },
  };
}

function checked(library: Library): Library {
  const [major, minor] = library.version;
  if (LEAST.major < major ? major <= NEWEST_MAJOR : major === LEAST.major && LEAST.minor <= minor) return library;
  throw new UserError(
    `engine onednn: expected oneDNN ${WANTED} but "${library.file}" is version ${library.version.join(".")}.`,
    installHint(),
  );
}
