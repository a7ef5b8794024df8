export { type ChangedPhotos, changedPhotos } from "./changed.ts";
export { type CheckOptions, checkPhotos, type DataCheck } from "./check.ts";
export { findPhotos } from "./find.ts";
export { type FileHash, type HashedPhoto, hashFile } from "./hash.ts";
export { loadPhotos, type PhotoData, type PhotoOptions } from "./load-photos.ts";
export { isManifestName } from "./manifest/manifest.ts";
export {
  applyMarks,
  formatMarks,
  MARKS_FILE,
  type Mark,
  type MarkedPhotos,
  type Marks,
  readMarks,
  readMarksFile,
  writableMarksFile,
} from "./marks.ts";
export { type PhotoDataset, type PhotoDatasetOptions, photoDataset } from "./photo-dataset.ts";
export type { FoundPhotos, PhotoSet, SkippedFile } from "./photo-set.ts";
export {
  type PhotoPreparations,
  type PreparationOptions,
  type PreparationSpec,
  photoPreparations,
} from "./preparations.ts";
export type { Problem, ProblemKind } from "./problems.ts";
export type { SplitOptions } from "./split.ts";
export { type FoundFiles, findFiles, leftOutReason, NOT_UTF8 } from "./walk.ts";
