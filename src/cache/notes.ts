/** What caches have to say from places that have no run to say it in; the command line prints it. */

let listener: (text: string) => void = () => {};

/** Has notes on caches told to `tell` from now on. */
export function listenToCaches(tell: (text: string) => void): void {
  listener = tell;
}

/** Tells a note on a cache, such as that an entry was damaged and is made again. */
export const tellCacheNote = (text: string): void => listener(text);
