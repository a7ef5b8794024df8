/** A model as the bytes of a `.onnx` file, compared with the network that it is from. */
import { type ModelFile, openModelFile } from "../engines/onnx/model-file.ts";
import { UserError } from "../errors.ts";
import { encodeModel, type ModelRecord } from "../onnx/model.ts";
import { configValues, type Evaluation, type LoadedModel, openModel, workersOf } from "../training/index.ts";
import { type CardAccuracy, type CardPrecision, cardMetadata, type ModelCard } from "./card.ts";
import { checkPictures, compare, type Difference, type Gain, timeBoth } from "./check.ts";
import { onnxClassifier } from "./classifier.ts";
import { accuracyOf, type ModelFacts } from "./facts.ts";
import { halveWeights } from "./half.ts";
import { imageModel } from "./image-model.ts";
import { bytesInput, pickBytes } from "./pixels.ts";
import { findRanges } from "./quantise/calibrate.ts";
import { foldNormalisation, reluBeforePool } from "./quantise/fold.ts";
import { planQuantisation } from "./quantise/plan.ts";
import { quantise } from "./quantise/quantise.ts";

/** How the file is made. */
export interface MakeOptions {
  /** The card of the model in fp32. */
  readonly card: ModelCard;
  readonly precision: CardPrecision;
  readonly threads: number;
  readonly note: (line: string) => void;
}

/** The file's bytes, its card, and how it compares. */
export interface MadeOnnx {
  readonly bytes: Uint8Array;
  readonly card: ModelCard;
  readonly difference: Difference;
  readonly gain: Gain | null;
}

/** In fp32 the file computes what the network does, in another order. */
const LARGEST_DIFFERENCE = 1e-3;
/** Training pictures that tell the ranges of values for int8. */
const CALIBRATION = 64;
/** Pictures at a time in evaluations. */
const BATCH_SIZE = 16;

/** Makes the file; in another precision than fp32 its accuracy is measured where there are pictures. */
export async function makeOnnx(model: LoadedModel, facts: ModelFacts, options: MakeOptions): Promise<MadeOnnx> {
  const { precision, threads, card } = options;
  const plain = imageModel(model);
  const record = await inPrecision(plain, { model, facts, ...options });
  const bytesOf = (graph: ModelRecord, texts: ModelCard): Uint8Array =>
    encodeModel({ ...graph, metadata: cardMetadata(texts), producerVersion: texts.ocelli });
  const content = bytesOf(record, card);
  const pictures = await checkPictures(facts, model.input);
  const file = await openModelFile("the exported model", { bytes: content, threads });
  try {
    const network = await openModel(model, { threads, batchSize: 8, transfer: true });
    const difference = await compare(file, network, {
      input: model.input,
      pictures,
      classes: model.classes.length,
    }).finally(() => network.close());
    if (precision === "fp32") {
      if (!(difference.probabilities <= LARGEST_DIFFERENCE))
        throw new Error(`the exported model's probabilities differ from the run's by ${difference.probabilities}`);
      return { bytes: content, card, difference, gain: null };
    }
    const fp32 = bytesOf(plain, card);
    const gained = await measure(file, fp32, { model, facts, pictures, options });
    const measured = { ...card, precision, accuracy: gained.accuracy, accuracyFp32: gained.accuracyFp32 };
    const bytes = bytesOf(record, measured);
    return { bytes, card: measured, difference, gain: { ...gained.gain, bytes: bytes.length } };
  } finally {
    await file.close();
  }
}

interface Making extends MakeOptions {
  readonly model: LoadedModel;
  readonly facts: ModelFacts;
}

async function inPrecision(
  plain: ModelRecord,
  { model, facts, precision, threads, note }: Making,
): Promise<ModelRecord> {
  if (precision === "fp32") return plain;
  if (precision === "fp16") return halveWeights(plain);
  const { data } = facts;
  if (!data) {
    throw new UserError(
      `--precision int8: expected the training pictures of "${model.file}", which tell the ranges of values, but they are not there.`,
      "Give the folder of a run whose data are where they were, or take fp16.",
    );
  }
  note(`Looking at ${Math.min(CALIBRATION, data.train.length)} training pictures for the ranges of values`);
  const folded = reluBeforePool(foldNormalisation(imageModel(model, { exact: false })));
  const plan = planQuantisation(folded);
  const { bytes, size } = await pickBytes(data.train, CALIBRATION, model.input);
  const length = bytes.length / size;
  const pictures = Array.from({ length: size }, (_, index) => bytes.slice(index * length, (index + 1) * length));
  return quantise(folded, plan, await findRanges(folded, plan.tensors, { pictures, threads }));
}

interface Measuring {
  readonly model: LoadedModel;
  readonly facts: ModelFacts;
  readonly pictures: Awaited<ReturnType<typeof checkPictures>>;
  readonly options: MakeOptions;
}

/** Accuracy and time of both files. */
async function measure(file: ModelFile, fp32: Uint8Array, { model, facts, pictures, options }: Measuring) {
  const { threads, note } = options;
  const other = await openModelFile("the model in fp32", { bytes: fp32, threads });
  try {
    const [milliseconds, millisecondsFp32] = await timeBoth([file, other], pictures);
    if (facts.data) note(`Measuring the accuracy on ${facts.data.test.length} validation pictures`);
    const accuracy = await accuracyWith(file, model, facts);
    const accuracyFp32 = await accuracyWith(other, model, facts);
    const lostAccuracy = accuracy && accuracyFp32 ? accuracyFp32.value - accuracy.value : null;
    const times = { batch: Math.min(8, pictures.size), milliseconds, millisecondsFp32 };
    return { accuracy, accuracyFp32, gain: { lostAccuracy, bytesFp32: fp32.length, ...times } };
  } finally {
    await other.close();
  }
}

async function accuracyWith(
  file: ModelFile,
  { input }: LoadedModel,
  { data, config }: ModelFacts,
): Promise<CardAccuracy | null> {
  if (!data || !config) return null;
  const classifier = onnxClassifier(file, bytesInput(input), BATCH_SIZE);
  const workers = workersOf(configValues(config), data);
  const { accuracy, count }: Evaluation = await classifier.evaluate(data.test, { workers });
  return accuracyOf(accuracy, count);
}
