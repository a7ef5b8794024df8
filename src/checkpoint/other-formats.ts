/** Files of other programs: what they are, so that nobody has to wonder what is damaged about them. */
import { FormatError } from "./format-error.ts";

const TORCH = "Give PyTorch weights (.pth) or safetensors with torchvision's names.";

/** What a file's first bytes mean, as Latin-1 text, and what to do about it. */
const KNOWN: readonly (readonly [beginning: RegExp | string, meaning: string, hint?: string])[] = [
  [
    /^\s*<(!doctype|html|\?xml)/i,
    "it is a web page, so what it was fetched from gave an error page",
    "Fetch the file again.",
  ],
  [
    /^version https:\/\/git-lfs/,
    "it only points to a file in Git LFS; fetch that with `git lfs pull`",
    "Run `git lfs pull`.",
  ],
  [/^\x89HDF\r\n/, "it is an HDF5 file (.h5, .keras), whose weights are laid out for Keras", TORCH],
  [/^\x93NUMPY/, "it is one numpy array (.npy), which does not say what network it is of", TORCH],
  [/^....TFL3/s, "it is a TensorFlow Lite model", TORCH],
  [/^GGUF|^gg(ml|mf|jt)/, "it is a model of llama.cpp (GGUF)", TORCH],
  ["\x1f\x8b", "it is compressed with gzip", "Unpack it first: gunzip."],
  [/^BZh/, "it is compressed with bzip2", "Unpack it first: bunzip2."],
  [/^\xfd7zXZ/, "it is compressed with xz", "Unpack it first: unxz."],
  [/^\x28\xb5\x2f\xfd/, "it is compressed with zstd", "Unpack it first: unzstd."],
  [/^7z\xbc\xaf/, "it is a 7-Zip archive", "Unpack it first."],
  [/^Rar!/, "it is a RAR archive", "Unpack it first."],
  [/^\xff\xd8\xff|^\x89PNG\r\n|^GIF8|^RIFF....WEBP/s, "it is a picture", "Give the model first, then the pictures."],
  [
    /^\s*\{[\s\S]*"weight_map"/,
    "it is the index of weights in several files",
    "Join them into one .safetensors or .pth file.",
  ],
  [/^\s*[{[]\s*["\]}{[\d]/, "it is JSON text", TORCH],
  ["PK\x05\x06", "it is an empty zip archive"],
  [/^(\(dp|\(lp|ccollections\n|ctorch\n|cnumpy)/, "it is a pickle of protocol 0, which torch.save does not write"],
  [/^.{1,8}(tensorflow|saved_model)/s, "it is a TensorFlow model", TORCH],
];

/** The error of a file that begins so and is of no format that is read. */
export function otherFormat(head: Uint8Array): FormatError {
  if (head.length === 0) return new FormatError("it is empty");
  const text = Buffer.from(head).toString("latin1");
  const [, meaning, hint] =
    KNOWN.find(([beginning]) => (typeof beginning === "string" ? text.startsWith(beginning) : beginning.test(text))) ??
    [];
  return new FormatError(meaning ?? "it has another format, or its beginning is damaged", { hint });
}
