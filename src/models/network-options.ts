/** What all networks are built with; a network takes no notice of what it does not have. */
export interface NetworkOptions {
  /** Number of logits; 1000 by default, those of ImageNet. */
  readonly classes?: number;
  /** Probability with which dropout zeroes an element, 0..1; the paper's by default. DenseNet's is 0, ResNet has none. */
  readonly dropout?: number;
  /** Inception: whether images are normalised as for the other networks and are to be brought to −1..1; false by default. */
  readonly transformInput?: boolean;
  /** Inception: whether it has the auxiliary classifier, which takes part in training alone; true by default. */
  readonly auxLogits?: boolean;
}
