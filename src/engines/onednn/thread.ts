/** The thread of an onednn engine. */
import { serve } from "../thread/serve.ts";
import { DnnlRunner } from "./runner.ts";

serve((settings) => new DnnlRunner(settings));
