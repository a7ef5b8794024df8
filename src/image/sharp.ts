/** The only file that imports sharp, and only once a picture is asked for. */
export type { Sharp } from "sharp";

/** sharp, set up for many pictures at once: one thread each, and no memory of pictures that never come again. */
export async function loadSharp(): Promise<typeof import("sharp").default> {
  const { default: sharp } = await import("sharp");
  sharp.cache(false);
  sharp.concurrency(1);
  return sharp;
}
