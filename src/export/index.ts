export { type ModelCard, parseCard } from "./card.ts";
export type { Difference, Gain } from "./check.ts";
export { type Classifier, type LoadedClassifier, loadClassifier } from "./classifier.ts";
export {
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportOptions,
  type ExportReport,
  exportModel,
} from "./export-model.ts";
export { readCard } from "./read-card.ts";
