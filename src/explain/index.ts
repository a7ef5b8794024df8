export { HEAT_COLOURS } from "./colours.ts";
export {
  type ExplainedPicture,
  explainPicture,
  explainPrepared,
  type PreparedPicture,
  preparePicture,
} from "./explain-picture.ts";
export {
  type ExplainedModel,
  type Explainer,
  type ExplainOptions,
  type Explanation,
  openExplainer,
} from "./grad-cam.ts";
export { type HeatMap, resizeHeat } from "./heat-map.ts";
export { overlayHeat, seenArea } from "./overlay.ts";
