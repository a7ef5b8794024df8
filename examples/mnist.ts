/**
 * A small CNN learns to read handwritten digits: the data, the network and the loop, all in sight.
 *
 * Run: npx tsx examples/mnist.ts
 * About 98 % of the test images are right after one epoch, 98.7 % after three. Without MNIST it takes digits that ocelli draws.
 */
import {
  adam,
  batches,
  conv2d,
  crossEntropy,
  type Dataset,
  flatten,
  linear,
  loadDigits,
  loadMnist,
  maxPool2d,
  module,
  openTrainer,
  relu,
  sequential,
} from "ocelli";

const numEpochs = 3;
const batchSize = 64;
const evaluateEvery = 100;

/** Pixels 0..255 → 0..1. */
const myTransform = (pixels: Float32Array) => pixels.map((pixel) => pixel / 255);

/** The class of a label: here the label itself. */
const myTargetTransform = (label: number) => label;

/** A data set of one's own: its length, its classes, the shape of its images, and a function that gives each sample. */
export function myDataSet(source: Dataset, length = source.length): Dataset {
  return {
    length,
    classes: source.classes,
    shape: source.shape,
    async sample(index, context) {
      const { image, label } = await source.sample(index, context);
      return { image: myTransform(image), label: myTargetTransform(label) };
    },
  };
}

/** [N, 1, 28, 28] → logits [N, 10]. The names are those of the weights: `conv1.0.weight`, `out.bias`. */
export const myCnn = () =>
  module(
    {
      conv1: sequential(
        conv2d(1, 16, { kernel: 5, padding: 2 }), // padding (kernel − 1) / 2 keeps the size
        relu,
        (x) => maxPool2d(x, { kernel: 2 }),
      ),
      conv2: sequential(conv2d(16, 32, { kernel: 5, padding: 2 }), relu, (x) => maxPool2d(x, { kernel: 2 })),
      out: linear(32 * 7 * 7, 10),
    },
    (images, { conv1, conv2, out }) => {
      const maps = conv2(conv1(images)); // [N, 32, 7, 7]
      return out(flatten(maps));
    },
  );

/** Trains a new network and prints how it does; returns the share of test images that are right in the end. */
export async function learn(train: Dataset, test: Dataset, epochs = numEpochs): Promise<number> {
  const trainer = await openTrainer(myCnn(), {
    inputShape: train.shape,
    batchSize,
    optimizer: adam(),
    loss: crossEntropy,
  });
  let testAccuracy = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    let [seen, correct] = [0, 0];
    for await (const batch of batches(train, { batchSize, shuffle: true, epoch })) {
      const { step, loss, correct: right } = await trainer.train(batch); // forward, backward, Adam
      seen += batch.size;
      correct += right;

      if (step % evaluateEvery !== 0 && seen < train.length) continue;
      testAccuracy = (await trainer.evaluate(test)).accuracy; // no dropout, no gradients, nothing is learnt
      const progress = `epoch ${epoch + 1} [${seen}/${train.length} (${Math.round((100 * seen) / train.length)}%)]`;
      const accuracies = `train_acc=${(correct / seen).toFixed(4)} test_acc=${testAccuracy.toFixed(4)}`;
      console.log(`${progress} loss=${loss.toFixed(6)} ${accuracies}`);
    }
  }
  await trainer.close();
  return testAccuracy;
}

if (process.argv[1] === import.meta.filename) {
  const { train, test, source } = await loadMnist({ rawPixels: true }).catch((error: Error) => {
    console.log(error.message);
    return loadDigits({ rawPixels: true });
  });
  console.log(source);
  await learn(myDataSet(train), myDataSet(test));
}
