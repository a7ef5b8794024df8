/** Which parameters belong to which layers, by their names. */

/** Whether a parameter is one of these layers' or of the layers in them: `fc.weight` and `fc.1.weight` are of `fc`. */
export const isInLayers = (layers: readonly string[], parameter: string): boolean =>
  layers.some((layer) => parameter.startsWith(`${layer}.`));
