import { expect, test } from "vitest";
import { isPlainName, splitFolders, splitName } from "./split-names.ts";

const NAMES = {
  train:
    "train training Training TRAIN trn tr train_set training_set trainset TrainSet train-set seg_train train_images images_train train2017 trainval train_val TrainingData train.images imgs_train",
  val: "val valid validation Validation dev eval val_images valset validation_set seg_val Val-Data dev_set val2017",
  test: "test testing Testing tst te test_set testset seg_test TestImages test1 testing_data",
} as const;

test.each(Object.entries(NAMES))("%s", (split, names) => {
  for (const name of names.split(" ")) expect({ name, ...splitName(name) }).toMatchObject({ name, split, rest: "" });
});

test.each(["ants", "trains", "tested", "training_test", "contest", "invalid", "trainer", "images", "0", ""])(
  "%j is no split",
  (name) => expect(splitName(name)).toBeUndefined(),
);

test("a name that says more is a split beside a partner only", () => {
  expect(splitFolders(["birds_train", "birds_test", "cats"])).toEqual({
    train: ["birds_train"],
    val: [],
    test: ["birds_test"],
  });
  expect(splitFolders(["birds_train", "cats_test"])).toEqual({ train: [], val: [], test: [] });
});

test("the plainest name comes first", () => {
  const names = ["train_images", "Train", "train", "validation", "valid", "val_set"];
  expect(splitFolders(names)).toEqual({
    train: ["train", "Train", "train_images"],
    val: ["valid", "validation", "val_set"],
    test: [],
  });
});

test("plain names say nothing of a class", () => {
  expect(["images", "Photos", "img_data", "ants", "images_of_ants"].map(isPlainName)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
