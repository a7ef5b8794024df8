/** The names of the augmentations, apart from what they do: the command line lists them at every start. */
export const AUGMENTATIONS = ["seed", "standard", "trivial", "rand", "none"] as const;
/** The name of an augmentation. */
export type Augmentation = (typeof AUGMENTATIONS)[number];
