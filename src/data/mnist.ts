/** MNIST (LeCun et al. 1998) and Fashion-MNIST (Xiao et al. 2017): found on this machine, or downloaded once. */
import { join } from "node:path";
import { cacheFolder } from "../cache/index.ts";
import { UserError } from "../errors.ts";
import { type DownloadProgress, download, hashFile } from "./download.ts";
import { type IdxData, loadIdxFiles } from "./idx-folder.ts";
import { findIdxFiles, IDX_PARTS, type IdxFiles, type IdxPart, isComplete } from "./idx-names.ts";

interface KnownSet {
  readonly title: string;
  readonly classes: readonly string[];
  /** The folder below which torchvision keeps the files in `raw`. */
  readonly torchvisionFolder: string;
  readonly mirrors: readonly string[];
  /** MD5 of each packed file. */
  readonly md5: Readonly<Record<IdxPart, string>>;
}

const KNOWN_SETS = {
  mnist: {
    title: "MNIST",
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    torchvisionFolder: "MNIST",
    mirrors: ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"],
    md5: {
      "train-images-idx3": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
      "train-labels-idx1": "d53e105ee54ea40749a09fcbcd1e9432",
      "t10k-images-idx3": "9fb629c4189551a2d022fa330f9573f3",
      "t10k-labels-idx1": "ec29112dd5afa0611ce80d1b7f02629c",
    },
  },
  "fashion-mnist": {
    title: "Fashion-MNIST",
    classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
    torchvisionFolder: "FashionMNIST",
    mirrors: [
      "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ],
    md5: {
      "train-images-idx3": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
      "train-labels-idx1": "25c81989df183df01b3e8a0aad5dffbe",
      "t10k-images-idx3": "bef4ecab320f06d8554ea6380940ec79",
      "t10k-labels-idx1": "bb300cfdad3c16e7a12a480ee83cd310",
    },
  },
} as const satisfies Record<string, KnownSet>;

/** A data set that `loadMnist` knows. */
export type MnistName = keyof typeof KNOWN_SETS;
/** The names of the data sets that `loadMnist` knows. */
export const MNIST_NAMES = Object.keys(KNOWN_SETS) as MnistName[];

/** What `loadMnist` takes. */
export interface MnistOptions {
  /** `mnist` by default. */
  readonly name?: MnistName;
  /** A folder that is searched first, and downloaded to. */
  readonly folder?: string;
  /** Give pixels as 0..255 and not as 0..1. */
  readonly rawPixels?: boolean;
  /** Never use the network. */
  readonly offline?: boolean;
  /** How long a server may be silent, in milliseconds; 30,000 by default. */
  readonly networkTimeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Told of what has come of each file. */
  readonly onProgress?: (progress: DownloadProgress & { readonly file: string }) => void;
  /** Where to download from, in place of the data set's own mirrors; each ends in a slash. */
  readonly mirrors?: readonly string[];
}

/** No packed file of these data sets is larger; the largest has 26.4 MB. */
const MAX_BYTES = 30e6;
/** Smallest first, so that a missing network shows at once. */
const DOWNLOAD_ORDER = IDX_PARTS.toReversed();
const fileOf = (part: IdxPart): string => `${part}-ubyte.gz`;

/** The folder that is downloaded to, then the others that may have the files. */
function foldersFor(name: MnistName, folder: string | undefined): [home: string, ...others: string[]] {
  const cache = join(cacheFolder(), name);
  const data = process.env.OCELLI_DATA;
  const roots = [...(folder ? [folder] : []), cache, ...(data ? [join(data, name), data] : [])];
  const torchvision = KNOWN_SETS[name].torchvisionFolder;
  return [folder ?? cache, ...roots.flatMap((root) => [root, join(root, torchvision, "raw")])];
}

/** The first packed file whose MD5 is not the known one, and that MD5. Unpacked files are held to their headers only. */
async function wrongFile(files: IdxFiles, known: KnownSet): Promise<{ part: IdxPart; md5: string } | undefined> {
  const packed = IDX_PARTS.filter((part) => files[part].endsWith(".gz"));
  const hashes = await Promise.all(packed.map(async (part) => ({ part, md5: await hashFile(files[part], "md5") })));
  return hashes.find(({ part, md5 }) => md5 !== known.md5[part]);
}

/** The files in the first folder that has all four; wrong ones are passed over in `home`, where they can be replaced. */
async function findFiles(known: KnownSet, folders: readonly string[], home?: string): Promise<string | undefined> {
  for (const folder of folders) {
    const files = await findIdxFiles(folder);
    if (!isComplete(files)) continue;
    const wrong = await wrongFile(files, known);
    if (!wrong) return folder;
    if (folder === home) continue;
    throw new UserError(
      `"${files[wrong.part]}": expected the file of ${known.title} with MD5 ${known.md5[wrong.part]} but it has ${wrong.md5}.`,
      `Delete it to fetch it again, or give the folder "${folder}" as the data set to use the files as they are.`,
    );
  }
  return undefined;
}

const putThere = (known: KnownSet, folder: string): string => {
  const names = IDX_PARTS.map(fileOf).join(", ");
  return `Fetch ${names} from ${known.mirrors.join(" or ")} and put them in "${folder}"; or use digits, which needs no network.`;
};

/** Downloads what `folder` does not have yet. */
async function downloadTo(folder: string, known: KnownSet, options: MnistOptions): Promise<void> {
  const { signal, networkTimeoutMs, onProgress, mirrors = known.mirrors } = options;
  for (const part of DOWNLOAD_ORDER) {
    const file = fileOf(part);
    const path = join(folder, file);
    const digest = await hashFile(path, "md5").catch(() => undefined);
    if (digest === known.md5[part]) continue;
    await download({
      urls: mirrors.map((mirror) => mirror + file),
      path,
      maxBytes: MAX_BYTES,
      hash: { algorithm: "md5", digest: known.md5[part] },
      hint: putThere(known, folder),
      onProgress: onProgress && ((progress) => onProgress({ ...progress, file })),
      signal,
      timeoutMs: networkTimeoutMs,
    });
  }
}

/**
 * Loads MNIST or Fashion-MNIST: 60,000 training and 10,000 test images [1, 28, 28] of ten classes. The files are looked
 * for in `folder`, the cache folder (`OCELLI_CACHE`, or the platform's) and `OCELLI_DATA`, also where torchvision puts
 * them, and else downloaded. Packed files are checked against their known MD5. A `UserError` tells how to fetch the files
 * by hand.
 */
export async function loadMnist(options: MnistOptions = {}): Promise<IdxData> {
  const { name = "mnist", rawPixels } = options;
  const known: KnownSet = KNOWN_SETS[name];
  const [home, ...folders] = foldersFor(name, options.folder);
  let folder = await findFiles(known, folders, options.offline ? undefined : home);
  const found = folder !== undefined;
  if (folder === undefined) {
    if (options.offline) {
      throw new UserError(
        `${known.title}: expected its four files in "${home}" but they are not there, and the network is not to be used.`,
        putThere(known, home),
      );
    }
    await downloadTo(home, known, options);
    folder = home;
  }
  const files = await findIdxFiles(folder);
  if (!isComplete(files)) throw new Error(`"${folder}" lost files of ${known.title} while they were read.`);
  const data = await loadIdxFiles(files, { classes: known.classes, rawPixels });
  return { ...data, source: `${known.title} ${found ? "in" : "downloaded to"} "${folder}"` };
}
