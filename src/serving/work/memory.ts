/** Memory that goes from thread to thread. */

/**
 * The memory of all arrays in `value` (an array, or a record of such) that fill theirs: it may be handed over with a message
 * instead of being copied, and is gone here afterwards.
 */
export const memoryOf = (value: unknown): ArrayBuffer[] => [...new Set(buffersIn(value))];

function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    const isWhole = value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength;
    return isWhole ? [value.buffer as ArrayBuffer] : [];
  }
  const isRecord = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isRecord ? Object.values(value).flatMap(buffersIn) : [];
}
