export * from "./calibration.ts";
export * from "./classification.ts";
export * from "./records.ts";
export * from "./rows.ts";
