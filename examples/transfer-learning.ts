/**
 * Transfer learning: a network that knows ImageNet learns to tell the classes of a folder of photos. First its new last
 * layer alone is trained, then, from the best weights so far, all layers.
 *
 * Run: npx tsx examples/transfer-learning.ts data/hymenoptera_data resnet152
 * The folder holds train/ and val/, each with a folder of photos for each class. Models: those of `ocelli models`, or
 * vgg19-own-head. The weights are fetched once. Leaves batch.png, predictions.png, checkpoint.pth and log.txt.
 */
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  adaptiveAveragePool2d,
  batchCount,
  batches,
  centerCrop,
  colorJitter,
  compose,
  createSchedule,
  crossEntropy,
  type Dataset,
  decodeImage,
  findModel,
  findPhotos,
  firstBatchPng,
  flatten,
  IMAGENET_NORMALISATION,
  isHeadParameter,
  type Loss,
  linear,
  logSoftmax,
  type Module,
  module,
  namedSequential,
  nllLoss,
  openTrainer,
  optimizerState,
  parseSchedule,
  predictionsPng,
  pyFloat,
  randomGrayscale,
  randomHorizontalFlip,
  randomResizedCrop,
  randomRotation,
  randomVerticalFlip,
  readWeights,
  relu,
  resize,
  restoreOptimizer,
  rngFor,
  type StateDict,
  samplesOf,
  sgd,
  softmaxRows,
  startingNetwork,
  type Trainer,
  toTensor,
  vgg19,
  writePth,
} from "ocelli";

/** Everything that one may want to change. */
const usual = {
  dataDir: "data/hymenoptera_data",
  modelName: "resnet152", // resnet18 is quicker
  weights: "imagenet", // or none, or a file
  size: 224, // what the network sees; 299 for inception_v3
  batchSize: 64, // 8 to 64: a matter of memory
  numEpochs: 25,
  learningRate: 0.001,
  out: ".", // where files are written
};
type Settings = typeof usual;
type Phase = "train" | "val";

/** What is done to a photo before it is a tensor: by chance in training, always the same in validation. */
const dataTransforms = (size: number) => ({
  train: compose(
    randomResizedCrop(size),
    // the ones that follow may be left out
    randomHorizontalFlip(0.5),
    randomVerticalFlip(0.5),
    randomRotation(30),
    colorJitter({ brightness: 0.2, contrast: 0.1, saturation: 0.1, hue: 0.1 }),
    randomGrayscale(0.025), // red, green and blue alike
  ),
  val: compose(resize(Math.round((size * 256) / 224)), centerCrop(size)),
});

/** The photos of each phase, opened and transformed when they are asked for. */
async function imageFolders({ dataDir, size }: Settings): Promise<Record<Phase, Dataset>> {
  const { root, classes, ...found } = await findPhotos(dataDir);
  const imageFolder = (phase: Phase): Dataset => {
    const { names, labels } = found[phase];
    const transform = dataTransforms(size)[phase];
    return {
      length: names.length,
      classes,
      shape: [3, size, size],
      normalisation: IMAGENET_NORMALISATION, // so that pictures can be drawn again
      async sample(index, { rng }) {
        const photo = await decodeImage(join(root, names[index] ?? ""));
        return { image: toTensor(transform(photo, rng), IMAGENET_NORMALISATION), label: labels[index] ?? 0 };
      },
    };
  };
  return { train: imageFolder("train"), val: imageFolder("val") };
}

/** A network for our classes, the weights that it begins with where they are not random, and what of it is new. */
interface Model {
  readonly network: Module;
  readonly weights?: StateDict;
  readonly isHead: (parameter: string) => boolean;
  readonly loss: Loss;
}

/** A network of the zoo whose last layer is new, with the weights of ImageNet before it. */
async function getModel({ modelName, weights }: Settings, classes: number): Promise<Model> {
  if (modelName === "vgg19-own-head") {
    const { weights: trained } = await startingNetwork(findModel("vgg19"), { classes, weights });
    const isHead = (name: string) => name.startsWith("classifier.");
    const features = new Map([...(trained ?? [])].filter(([name]) => !isHead(name)));
    return { network: vgg19WithOwnHead(classes), weights: features, isHead, loss: nllLoss };
  }
  const record = findModel(modelName);
  const isHead = (name: string) => isHeadParameter(record, name);
  return { ...(await startingNetwork(record, { classes, weights })), isHead, loss: crossEntropy };
}

/** VGG-19 with a head of our own: log-probabilities, whose loss is `nllLoss`. The original told 102 flowers apart. */
export function vgg19WithOwnHead(classes = 102): Module {
  const { features } = vgg19().children as { features: Module };
  const classifier = namedSequential({
    fc1: linear(25088, 4096), // 512 maps of 7×7
    relu,
    fc2: linear(4096, classes),
    output: logSoftmax,
  });
  return module({ features, classifier }, (images, parts) =>
    parts.classifier(flatten(adaptiveAveragePool2d(parts.features(images), 7))),
  );
}

/** Prints a line with the time, and keeps it in a file. */
async function printLogger(out: string, info: string): Promise<void> {
  const line = `${new Date().toISOString().slice(0, 19).replace("T", " ")} ${info}`;
  console.log(line);
  await appendFile(join(out, "log.txt"), `${line}\n`);
}

/** Trains for some epochs; the network ends up with its best weights, whose accuracy is returned. `bestAcc` is to be beaten. */
async function trainModel(
  trainer: Trainer,
  data: Record<Phase, Dataset>,
  { numEpochs, batchSize, learningRate, out, bestAcc = 0 }: Settings & { bestAcc?: number },
): Promise<number> {
  const since = Date.now();
  const before = trainer.step;
  let best = { acc: bestAcc, weights: await trainer.weights() };
  const stepsPerEpoch = batchCount(data.train.length, { batchSize, mergeSingle: true });
  // a tenth of the rate every 7 epochs
  const scheduler = createSchedule(parseSchedule("step:7:0.1"), { learningRate, epochs: numEpochs, stepsPerEpoch });

  for (let epoch = 0; epoch < numEpochs; epoch++) {
    await printLogger(out, `${"-".repeat(10)}Epoch ${epoch}/${numEpochs - 1}${"-".repeat(10)}`);
    let [runningLoss, runningCorrects] = [0, 0];
    for await (const batch of batches(data.train, { batchSize, shuffle: true, epoch, mergeSingle: true })) {
      const rate = scheduler.learningRateAt({ step: trainer.step - before, epoch });
      const { loss, correct } = await trainer.train(batch, { learningRate: rate }); // forward, backward, SGD
      runningLoss += loss * batch.size;
      runningCorrects += correct;
    }
    const trainLoss = runningLoss / data.train.length;
    const trainAcc = runningCorrects / data.train.length;
    await printLogger(out, `train Loss: ${trainLoss.toFixed(4)} Acc: ${trainAcc.toFixed(4)}`);

    const { loss, accuracy } = await trainer.evaluate(data.val); // no dropout, no gradients, nothing is learnt
    await printLogger(out, `val Loss: ${loss.toFixed(4)} Acc: ${accuracy.toFixed(4)}`);
    if (best.acc < accuracy) best = { acc: accuracy, weights: await trainer.weights() };
  }
  const seconds = Math.round((Date.now() - since) / 1000);
  await printLogger(out, `Training complete in ${Math.floor(seconds / 60)}m ${seconds % 60}s`);
  await printLogger(out, `Best val Acc: ${best.acc.toFixed(6)}`);
  await trainer.setWeights(best.weights);
  return best.acc;
}

/** Draws what the network takes the first validation photos for. */
async function visualizeModel(trainer: Trainer, dataset: Dataset, file: string, numImages = 6): Promise<void> {
  const { classes } = dataset;
  const { logits } = await trainer.evaluate(dataset);
  const probabilities = softmaxRows({ data: logits, classes: classes.length });
  const samples = await samplesOf(dataset, [...Array(Math.min(numImages, dataset.length)).keys()]);
  const predictions = samples.map(({ image, label }, index) => {
    const row = probabilities.subarray(index * classes.length, (index + 1) * classes.length);
    const probability = Math.max(...row);
    const predicted = classes[row.indexOf(probability)] ?? "";
    return { pixels: image, truth: classes[label] ?? "", predicted, probability };
  });
  await writeFile(file, await predictionsPng(predictions));
}

/** The class that the network takes a photo for. */
async function predict(
  trainer: Trainer,
  photo: string,
  { size, classes }: { size: number; classes: readonly string[] },
) {
  const image = dataTransforms(size).val(await decodeImage(photo), rngFor(0, "nothing is by chance"));
  const logits = await trainer.logits(toTensor(image, IMAGENET_NORMALISATION));
  return classes[logits.indexOf(Math.max(...logits))];
}

/** The whole of it; returns the best accuracy of each of the two stages, and a class for one photo. */
export async function transferLearning(settings: Settings) {
  const { size, batchSize, learningRate, out } = settings;
  await mkdir(out, { recursive: true });
  const data = await imageFolders(settings);
  const { classes } = data.train;
  await printLogger(out, `train: ${data.train.length}, val: ${data.val.length}; classes: ${classes.join(", ")}`);
  const grid = { seed: 0, epoch: 0, count: batchSize, subtitle: "as the network sees them" };
  await writeFile(join(out, "batch.png"), await firstBatchPng(data.train, grid));

  // only the head is trained; batch normalisation goes on counting, as in PyTorch's train()
  const { network, weights, isHead, loss } = await getModel(settings, classes.length);
  const trainer = await openTrainer(network, {
    ...{ inputShape: [3, size, size], batchSize, loss },
    optimizer: sgd({ learningRate, momentum: 0.9 }),
    isFrozen: (parameter) => !isHead(parameter),
  });
  if (weights) await trainer.setWeights(new Map([...(await trainer.weights()), ...weights]));
  const headAcc = await trainModel(trainer, data, settings);
  await visualizeModel(trainer, data.val, join(out, "predictions.png"));

  // saving: PyTorch opens this file with torch.load
  const file = join(out, "checkpoint.pth");
  const state = {
    state_dict: await trainer.weights(),
    best_acc: pyFloat(headAcc),
    optimizer: await optimizerState(trainer),
  };
  await writePth(file, state);

  // loading, and going on with all layers
  const checkpoint = await readWeights(file);
  await trainer.setWeights(checkpoint.state, file);
  await restoreOptimizer(trainer, checkpoint.entries.get("optimizer"), file);
  await trainer.retrain({}); // nothing is frozen
  const bestAcc = await trainModel(trainer, data, { ...settings, bestAcc: Number(checkpoint.entries.get("best_acc")) });

  const { root, val } = await findPhotos(settings.dataDir);
  const predicted = await predict(trainer, join(root, val.names[0] ?? ""), { size, classes });
  await printLogger(out, `${val.names[0]}: ${predicted}`);
  await trainer.close();
  return { headAcc, bestAcc, predicted };
}

if (process.argv[1] === import.meta.filename) {
  const [, , dataDir = usual.dataDir, modelName = usual.modelName] = process.argv;
  await transferLearning({ ...usual, dataDir, modelName });
}
