export * from "./classification.ts";
export * from "./rows.ts";
