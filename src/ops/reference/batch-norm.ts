import type { HostTensor } from "../../graph/define-op.ts";
import { sizeOf } from "../../graph/value.ts";
import { zeros } from "./elements.ts";

/** Calls `visit` with channel and flat index of each element of x [N, C, …]. */
function forEachElement(x: HostTensor, visit: (channel: number, index: number) => void): void {
  const c = x.shape[1]!;
  const inner = sizeOf(x.shape.slice(2));
  for (let index = 0; index < x.data.length; index++) visit(Math.floor(index / inner) % c, index);
}

/** Σ over the elements of each channel. */
function sumPerChannel(x: HostTensor, term: (channel: number, index: number) => number): HostTensor {
  const total = zeros([x.shape[1]!]);
  forEachElement(x, (channel, index) => {
    total.data[channel]! += term(channel, index);
  });
  return total;
}

/** Elementwise function of a tensor [N, C, …] that knows the channel. */
function mapPerChannel(x: HostTensor, f: (channel: number, index: number) => number): HostTensor {
  const y = zeros(x.shape);
  forEachElement(x, (channel, index) => {
    y.data[index] = f(channel, index);
  });
  return y;
}

const mapVector = (x: HostTensor, f: (value: number, channel: number) => number): HostTensor => ({
  shape: x.shape,
  data: Float64Array.from(x.data, f),
});

interface Vectors {
  readonly weight: HostTensor;
  readonly bias: HostTensor;
}

interface Running {
  readonly runningMean: HostTensor;
  readonly runningVar: HostTensor;
}

/** batchNormTraining: y, mean, 1/√(var + epsilon), new running mean and variance. */
export function normalize(
  x: HostTensor,
  {
    weight,
    bias,
    runningMean,
    runningVar,
    epsilon,
    momentum,
  }: Vectors & Running & { epsilon: number; momentum: number },
): [HostTensor, HostTensor, HostTensor, HostTensor, HostTensor] {
  const count = x.data.length / x.shape[1]!;
  const mean = mapVector(
    sumPerChannel(x, (_, index) => x.data[index]!),
    (total) => total / count,
  );
  const squares = sumPerChannel(x, (channel, index) => (x.data[index]! - mean.data[channel]!) ** 2);
  const variance = mapVector(squares, (total) => total / count);
  const unbiased = mapVector(squares, (total) => total / (count - 1));
  const mix = (old: HostTensor, batch: HostTensor): HostTensor =>
    mapVector(old, (value, channel) => (1 - momentum) * value + momentum * batch.data[channel]!);
  return [
    normalizeWithStatistics(x, { weight, bias, mean, variance, epsilon }),
    mean,
    mapVector(variance, (value) => 1 / Math.sqrt(value + epsilon)),
    mix(runningMean, mean),
    mix(runningVar, unbiased),
  ];
}

/** batchNormTrainingGradient: dx = weight·invStd·(dy − mean(dy) − x̂·mean(dy·x̂)), dweight = Σ dy·x̂, dbias = Σ dy. */
export function trainingGradient(
  x: HostTensor,
  dy: HostTensor,
  { weight, savedMean, savedInvStd }: { weight: HostTensor; savedMean: HostTensor; savedInvStd: HostTensor },
): [HostTensor, HostTensor, HostTensor] {
  const count = x.data.length / x.shape[1]!;
  const normal = (channel: number, index: number): number =>
    (x.data[index]! - savedMean.data[channel]!) * savedInvStd.data[channel]!;
  const dweight = sumPerChannel(x, (channel, index) => dy.data[index]! * normal(channel, index));
  const dbias = sumPerChannel(x, (_, index) => dy.data[index]!);
  const dx = mapPerChannel(x, (channel, index) => {
    const centred = dy.data[index]! - dbias.data[channel]! / count;
    const scaled = centred - (normal(channel, index) * dweight.data[channel]!) / count;
    return weight.data[channel]! * savedInvStd.data[channel]! * scaled;
  });
  return [dx, dweight, dbias];
}

interface Statistics {
  readonly mean: HostTensor;
  readonly variance: HostTensor;
  readonly epsilon: number;
}

/** batchNormInference in plain loops. */
export function normalizeWithStatistics(
  x: HostTensor,
  { weight, bias, mean, variance, epsilon }: Vectors & Statistics,
): HostTensor {
  return mapPerChannel(x, (channel, index) => {
    const normal = (x.data[index]! - mean.data[channel]!) / Math.sqrt(variance.data[channel]! + epsilon);
    return normal * weight.data[channel]! + bias.data[channel]!;
  });
}

/** batchNormInferenceGradient: dx = dy·weight·invStd, dweight = Σ dy·x̂, dbias = Σ dy. */
export function normalizeGradient(
  x: HostTensor,
  dy: HostTensor,
  { weight, mean, variance, epsilon }: { weight: HostTensor } & Statistics,
): [HostTensor, HostTensor, HostTensor] {
  const invStd = mapVector(variance, (value) => 1 / Math.sqrt(value + epsilon));
  return [
    mapPerChannel(x, (channel, index) => dy.data[index]! * weight.data[channel]! * invStd.data[channel]!),
    sumPerChannel(
      x,
      (channel, index) => dy.data[index]! * (x.data[index]! - mean.data[channel]!) * invStd.data[channel]!,
    ),
    sumPerChannel(x, (_, index) => dy.data[index]!),
  ];
}
