/** Bytes that come in parts. */

/** Puts parts one after the other as they come, in memory of their own, which can be handed to a thread. */
export class Gathered {
  #memory: Uint8Array;
  #size = 0;

  /** Of so many bytes as it seems. Memory that nothing is written to yet costs nothing. */
  constructor(expected: number) {
    this.#memory = new Uint8Array(expected);
  }

  /** How many bytes have come. */
  get size(): number {
    return this.#size;
  }

  add(part: Uint8Array): void {
    const size = this.#size + part.length;
    if (this.#memory.length < size) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#memory.length));
      larger.set(this.#memory);
      this.#memory = larger;
    }
    this.#memory.set(part, this.#size);
    this.#size = size;
  }

  /** What has come. */
  get bytes(): Uint8Array {
    return this.#size === this.#memory.length ? this.#memory : this.#memory.slice(0, this.#size);
  }
}
