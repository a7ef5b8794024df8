/** What a zlib stream holds, in Node and in browsers. Rejects if it is damaged, cut off, or of more than `most` bytes. */
export async function inflate(bytes: Uint8Array, most = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("deflate"));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    length += value.length;
    if (most < length) {
      await reader.cancel();
      throw new Error("it is too long");
    }
    parts.push(value);
  }
}
