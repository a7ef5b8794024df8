/** DenseNet's official files are older than its names: `norm.1.weight` is now `norm1.weight`. */
const DENSE_LAYER = /(denselayer\d+\.(?:norm|conv))\.([12]\.)/;

/** The present name of a parameter or buffer that an official weights file may give under an older one. */
export const modernKey = (key: string): string => key.replace(DENSE_LAYER, "$1$2");

/** A state dict under present names, in the same order. Names that were never other stay. */
export const modernKeys = <Tensor>(state: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
  new Map(Array.from(state, ([key, tensor]) => [modernKey(key), tensor]));
