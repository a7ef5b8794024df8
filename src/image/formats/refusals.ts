/** Why a picture is refused before a decoder sees it: it is damaged, or of a kind that is not read. */
import { visibleStart } from "./sniff.ts";

/** Damage that the file's own bytes show; `message` says what is wrong. */
export class Damaged extends Error {}

/** A picture that is whole but of a kind that is not read. `message` says what it is, `hint` what to do with it. */
export class UnreadKind extends Error {
  readonly hint: string;

  constructor(message: string, hint = "Save it as PNG.") {
    super(message);
    this.hint = hint;
  }
}

const CONVERT = "Save it as JPEG or PNG.";

/** The beginnings, as `visibleStart` gives them, of other formats that are taken for pictures. */
const OTHERS: readonly (readonly [RegExp, string, string?])[] = [
  [
    /^....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)/s,
    "a HEIC picture",
    `${CONVERT} Phones have a setting for it ("Most compatible").`,
  ],
  [/^(\xff\u240a|\u2400\u2400\u2400\u240cJXL )/, "a JPEG XL picture"],
  [/^(\xff\x4f\xff\x51|\u2400\u2400\u2400\u240cjP {2})/, "a JPEG 2000 picture"],
  [/^....ftyp/s, "a film", "Take single pictures from it."],
  [/^8BPS/, "a Photoshop file"],
  [/^%PDF/, "a PDF file", "Save its pages as JPEG or PNG."],
  [/^(%!PS|\xc5\xd0\xd3\xc6)/, "a PostScript file"],
  [/^\u2400\u2400[\u2401\u2402]\u2400[^\u2400]\u2400/, "an icon (ICO)"],
  [/^icns/, "an icon (ICNS)"],
  [/^P7[\u2409-\u240d ]/, "a PAM picture"],
  [/^P[fF][\u2409-\u240d ]/, "a PFM picture"],
  [/^qoif/, "a QOI picture"],
  [/^DDS /, "a DDS texture"],
  [/^\u2401\xda[\u2400\u2401][\u2401\u2402]/, "an SGI picture"],
  [/^\u240a[\u2400-\u2405]\u2401[\u2401\u2402\u2404\u2408]/, "a PCX picture"],
  [/^(v\/1\u2401|#\?RADIANCE|SIMPLE {2}=)/, "a picture of high dynamic range"],
  [
    /^[\u2409-\u240d ]*(<\?xml[^>]*>[\u2409-\u240d ]*)?(<!--.*?-->[\u2409-\u240d ]*)*(<!DOCTYPE svg[^>]*>[\u2409-\u240d ]*)?<svg/is,
    "an SVG drawing",
    "Draw it as PNG.",
  ],
  [/^[\u2409-\u240d ]*<(!doctype html|html|head|body)/i, "a page of the web", "Download the picture itself."],
  [/^[\u2409-\u240d ]*[{[][\u2409-\u240d ]*["\]}{[]/, "JSON", "Download the picture itself."],
  [/^PK[\u2403\u2405]/, "a zip file", "Unpack it."],
  [/^\u241f\x8b/, "a gzip file", "Unpack it."],
];

/** How many bytes of a file its kind is looked for in. */
const BEGINNING = 600;

/** What a file is that begins like no format that is read, and what to do; undefined if it begins like nothing known. */
export function otherKind(bytes: Uint8Array): UnreadKind | undefined {
  const start = visibleStart(bytes, BEGINNING);
  const found = OTHERS.find(([beginning]) => beginning.test(start));
  return found && new UnreadKind(found[1], found[2] ?? CONVERT);
}
