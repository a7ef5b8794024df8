/** What a pickle names and the reader does not know: it is kept as what it is, and never run. */
import type { PickleValue } from "./pickle.ts";

/** A class or function that is only named, such as `torch.float32` or `__main__.Net`. */
export class ForeignGlobal {
  /** Module and name, joined by a dot. */
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

/** An object of a class that the reader does not know: what it was made of, without its class. */
export class ForeignObject {
  /** The class or function that would have made it. */
  readonly type: string;
  readonly args: readonly PickleValue[];
  /** What it was built with: as a rule, a Map of its attributes. */
  state: PickleValue = null;
  /** What was set in it by key, if it is a kind of dictionary. */
  entries: Map<PickleValue, PickleValue> | undefined;
  /** What was appended to it, if it is a kind of list. */
  items: PickleValue[] | undefined;

  constructor(type: string, args: readonly PickleValue[] = []) {
    this.type = type;
    this.args = args;
  }

  /** Takes the state that the pickle gives it. */
  build(state: PickleValue): void {
    this.state = state;
  }
}

/** Modules that no checkpoint needs and that run commands, open files or load code. */
const HARMFUL_MODULES =
  /^(os|posix|nt|subprocess|commands|popen2|pty|platform|runpy|shutil|socket|ctypes|importlib|imp|code|codeop|pdb|bdb|webbrowser|asyncio\.subprocess|multiprocessing\.popen\w*|_?pickle|marshal|sys|requests|urllib\.request|httplib|http\.client)(\.|$)/;
const HARMFUL_BUILTINS = /^(eval|exec|execfile|compile|open|input|breakpoint|__import__)$/;
/** What `os` also has: plain data. */
const HARMLESS = /^(stat_result|statvfs_result|terminal_size|uname_result|times_result|_Environ)$/;

/** Whether a global can only be there to do harm where pickles are run: a file that names one is refused whole. */
export function isHarmful(module: string, name: string): boolean {
  if (/^(builtins|__builtin__)$/.test(module)) return HARMFUL_BUILTINS.test(name);
  return HARMFUL_MODULES.test(module) && !HARMLESS.test(name);
}

/** The attributes or entries of a dictionary, or of an object that has some. */
export function entriesOf(value: PickleValue): ReadonlyMap<PickleValue, PickleValue> | undefined {
  if (value instanceof Map) return value;
  if (!(value instanceof ForeignObject)) return undefined;
  if (value.entries) return value.entries;
  if (value.state instanceof Map) return value.state;
  const [first] = value.args;
  return first instanceof Map ? first : undefined;
}

/** The items of a list, a tuple, a set, or an object that has some. */
export function itemsOf(value: PickleValue): readonly PickleValue[] | undefined {
  if (Array.isArray(value)) return value;
  return value instanceof ForeignObject ? value.items : undefined;
}
