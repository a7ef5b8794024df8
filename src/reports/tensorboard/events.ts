/** TensorBoard's event files: records of protobuf messages `Event`, written by hand since there are few fields. */
import { crc32c, masked } from "./crc32c.ts";

/** A figure or a picture of one step. */
export type SummaryValue =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly png: Uint8Array; readonly width: number; readonly height: number };

/** One event. */
export interface TensorboardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  /** What the file's first event says. */
  readonly fileVersion?: string;
  readonly values?: readonly SummaryValue[];
  /** That what other files have from this step on is made anew. */
  readonly starts?: boolean;
}

/** The version that a file's first event has to say. */
export const FILE_VERSION = "brain.Event:2";

const WIRE = { varint: 0, double: 1, bytes: 2, float: 5 } as const;
/** Colours of a picture, as `Summary.Image.colorspace` counts them. */
const RGB = 3;
/** `SessionLog.SessionStatus.START` */
const START = 1;

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  for (; 0x80 <= rest; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
};
const key = (field: number, wire: number): Buffer => varint(field * 8 + wire);
const whole = (field: number, value: number): Buffer => Buffer.concat([key(field, WIRE.varint), varint(value)]);
const bytes = (field: number, content: Uint8Array): Buffer =>
  Buffer.concat([key(field, WIRE.bytes), varint(content.length), content]);
const text = (field: number, content: string): Buffer => bytes(field, Buffer.from(content));

function double(field: number, value: number): Buffer {
  const content = Buffer.alloc(8);
  content.writeDoubleLE(value);
  return Buffer.concat([key(field, WIRE.double), content]);
}

function float(field: number, value: number): Buffer {
  const content = Buffer.alloc(4);
  content.writeFloatLE(value);
  return Buffer.concat([key(field, WIRE.float), content]);
}

/** `Summary.Value`: tag 1, simple_value 2, image 4 (height 1, width 2, colorspace 3, encoded_image_string 4). */
function summaryValue(value: SummaryValue): Buffer {
  const tag = text(1, value.tag);
  if ("scalar" in value) return Buffer.concat([tag, float(2, value.scalar)]);
  const image = [whole(1, value.height), whole(2, value.width), whole(3, RGB), bytes(4, value.png)];
  return Buffer.concat([tag, bytes(4, Buffer.concat(image))]);
}

/** `Event`: wall_time 1, step 2, file_version 3, summary 5 (value 1), session_log 7 (status 1). */
export function encodeEvent({ wallTime, step, fileVersion, values, starts }: TensorboardEvent): Uint8Array {
  return Buffer.concat([
    double(1, wallTime),
    ...(step === undefined ? [] : [whole(2, step)]),
    ...(fileVersion === undefined ? [] : [text(3, fileVersion)]),
    ...(values ? [bytes(5, Buffer.concat(values.map((value) => bytes(1, summaryValue(value)))))] : []),
    ...(starts ? [bytes(7, whole(1, START))] : []),
  ]);
}

/** A record: length (8 bytes), its checksum, the content, its checksum; all little-endian. */
export function encodeRecord(content: Uint8Array): Uint8Array {
  const record = Buffer.alloc(content.length + 16);
  record.writeBigUInt64LE(BigInt(content.length));
  record.writeUInt32LE(masked(crc32c(record.subarray(0, 8))), 8);
  record.set(content, 12);
  record.writeUInt32LE(masked(crc32c(content)), content.length + 12);
  return record;
}
