/** The thread of an onnx engine. */
import { serve } from "../thread/serve.ts";
import { Sessions } from "./session.ts";

serve((settings) => new Sessions(settings));
