import { expect, test } from "vitest";
import { tensorsOf } from "../nn/index.ts";
import { findModel, frozenParameters } from "./index.ts";

/** Names of the parameters that stay trainable, without their last part. */
function trainable(name: string, freeze: string): string[] {
  const record = findModel(name);
  const network = record.build({ classes: 2 });
  const frozen = frozenParameters(record, network, freeze);
  const names = tensorsOf(network).flatMap((tensor) => (tensor.role === "parameter" ? [tensor.name] : []));
  return [...new Set(names.filter((key) => !frozen.has(key)).map((key) => key.split(".").slice(0, -1).join(".")))];
}

test("nothing, or all but the head", () => {
  expect(trainable("mnist-cnn", "none")).toEqual(["conv1.0", "conv2.0", "out"]);
  expect(trainable("mnist-cnn", "backbone")).toEqual(["out"]);
  expect(trainable("vgg11", "backbone")).toEqual(["classifier.6"]);
  expect(trainable("inception_v3", "backbone")).toEqual(["AuxLogits.fc", "fc"]);
});

test("up to a layer, whole or part of it", () => {
  expect(trainable("mnist-cnn", "conv1")).toEqual(["conv2.0", "out"]);
  expect(trainable("resnet18", "layer4.0")).toEqual([
    ...["layer4.1.conv1", "layer4.1.bn1", "layer4.1.conv2", "layer4.1.bn2", "fc"],
  ]);
  expect(trainable("resnet18", "conv1")[0]).toBe("bn1");
  expect(trainable("inception_v3", "Mixed_7c")).toEqual(["AuxLogits.fc", "fc"]);
  expect(trainable("resnet18", "fc")).toEqual([]);
});

test("an unknown layer is an error that suggests the nearest", () => {
  const network = findModel("resnet18").build({ classes: 2 });
  expect(() => frozenParameters(findModel("resnet18"), network, "layer9")).toThrow(
    'freeze: expected none, backbone or the name of a layer of resnet18 but got "layer9".',
  );
  expect(() => frozenParameters(findModel("resnet18"), network, "layer")).toThrow(/layer of resnet18/);
  expect(() => frozenParameters(findModel("resnet18"), network, "backbon")).toThrow(
    expect.objectContaining({ hint: 'Did you mean "backbone"?' }),
  );
});
