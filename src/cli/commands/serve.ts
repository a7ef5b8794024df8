import { availableParallelism } from "node:os";
import { Command, Option } from "@commander-js/extra-typings";
import { UserError } from "../../errors.ts";
import type { ModelServer, ServeOptions } from "../../serving/api/serve.ts";
import { isLoopback } from "../../serving/loopback.ts";
import { noteFallback } from "../fallback.ts";
import { guarded, interruption, leaveAtOnce, wholeNumber } from "../guarded.ts";
import { engineOption, examples, jsonOption, numeric, threadsOption } from "../options.ts";
import { failWith, note, print, printError, printJson, table } from "../output.ts";

const MIB = 2 ** 20;
const LARGEST_PORT = 65_535;

/** What the command line says, as it comes. */
interface Given {
  readonly host: string;
  readonly port: unknown;
  /** False with `--no-token`. */
  readonly token?: string | boolean;
  readonly cors: readonly string[];
  readonly maxBatch: unknown;
  readonly maxDelay: unknown;
  readonly maxQueue: unknown;
  readonly maxClient?: unknown;
  readonly maxBody: unknown;
  readonly maxMegapixels: unknown;
  readonly timeout: unknown;
  readonly threads?: unknown;
  readonly model?: string;
  readonly engine: string;
}

/** The token that clients have to send; undefined for none, which an address that others reach needs said. */
function tokenOf({ token: given, host }: Given): string | undefined {
  const token = given === undefined || given === true ? process.env.OCELLI_TOKEN || undefined : given;
  if (token) return token;
  if (token === "") throw new UserError("--token: expected a token but it is empty.", "Give one, or leave it out.");
  if (given === false || isLoopback(host)) return undefined;
  throw new UserError(
    `--host: expected a token for ${host}, which other machines reach, but there is none.`,
    "Set OCELLI_TOKEN or --token, or say --no-token to let anybody in.",
  );
}

function serveOptions(models: readonly string[], given: Given): ServeOptions {
  const { host, model, engine } = given;
  const port = wholeNumber("--port", given.port, 0);
  if (LARGEST_PORT < port)
    throw new UserError(`--port: expected at most ${LARGEST_PORT} but got ${port}.`, "Give another one.");
  return {
    ...{ models, model, engine, host, port, token: tokenOf(given), cors: given.cors, onBug: printError },
    ...(given.maxClient !== undefined && { maxClient: wholeNumber("--max-client", given.maxClient) }),
    maxBody: wholeNumber("--max-body", given.maxBody) * MIB,
    timeoutMs: wholeNumber("--timeout", given.timeout) * 1000,
    limits: {
      maxBatch: wholeNumber("--max-batch", given.maxBatch),
      maxDelayMs: wholeNumber("--max-delay", given.maxDelay, 0),
      maxQueue: wholeNumber("--max-queue", given.maxQueue),
      maxPixels: wholeNumber("--max-megapixels", given.maxMegapixels) * 1e6,
      threads: given.threads === undefined ? availableParallelism() : wholeNumber("--threads", given.threads),
    },
  };
}

function announce({ url, models }: ModelServer): void {
  const [first] = models.filter(({ classes }) => classes);
  const served = models.map(({ name, classes }) => [name, classes ? `${classes.length} classes` : "tensors"]);
  const curl = "curl -H 'Content-Type: image/jpeg' --data-binary @photo.jpg";
  print(
    table([
      ...served,
      ...(first ? [["try", `${curl} ${url}/models/${first.name}/predict`]] : []),
      ["docs", `${url}/docs`],
    ]),
  );
  print(`listening on ${url}`);
}

/** What is said of models that were left at work. */
function unfinished(names: readonly string[], { timeoutMs }: ServeOptions): UserError {
  const models = names.map((name) => `"${name}"`).join(", ");
  return new UserError(
    `${models}: expected its runs to end within ${timeoutMs / 1000} s but one still goes on, and was given up.`,
    "Look whether the model ends for every input, or give it more time with --timeout.",
  );
}

const tokenOption = new Option("--token <token>", "what clients have to send; better in the variable OCELLI_TOKEN");

const corsOption = new Option(
  "--cors <origin>",
  "pages of this origin may ask, such as https://example.org; may be given again; * for any",
)
  .argParser((origin: string, earlier: readonly string[]) => [...earlier, origin])
  .default([] as readonly string[], "only pages of the server itself");

/** `ocelli serve` */
export const serveCommand = new Command("serve")
  .description("Answer pictures over HTTP: classes as JSON, the Open Inference Protocol, metrics")
  .argument("<models...>", "run folders, .pth, .safetensors or .onnx files, each alone or as NAME=PATH")
  .option("--host <address>", "where to listen; beyond this machine it needs a token", "127.0.0.1")
  .option("--port <port>", "0 takes any that is free", numeric, 8000)
  .addOption(tokenOption)
  .option("--no-token", "let anybody in who reaches the address")
  .addOption(corsOption)
  .option("--max-batch <count>", "pictures that are computed at once", numeric, 8)
  .option("--max-delay <ms>", "how long a picture waits for others", numeric, 5)
  .option("--max-queue <count>", "pictures that wait; more are answered 429", numeric, 256)
  .option("--max-client <count>", "requests of one address at once; more are answered 429 (default: half)", numeric)
  .option("--max-body <MiB>", "larger bodies are answered 413", numeric, 20)
  .option("--max-megapixels <count>", "larger pictures are answered 413", numeric, 25)
  .option("--timeout <seconds>", "later answers are 504, slower requests 408", numeric, 30)
  .option("--model <name>", "the model of a bare state dict")
  .addOption(engineOption)
  .addOption(threadsOption)
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples(
      "ocelli serve runs/first",
      "ocelli serve ants=runs/first digits=digits.onnx --port 8080",
      "ocelli serve runs/first --cors https://example.org",
      "OCELLI_TOKEN=secret ocelli serve runs/first --host 0.0.0.0",
    ),
  )
  .action(
    guarded(async (models, { json, ...given }) => {
      const { parseOrigin } = await import("../../serving/api/cors.ts");
      const options = serveOptions(models, { ...given, cors: given.cors.map(parseOrigin) });
      const { serveModels } = await import("../../serving/api/serve.ts");
      const { signal, release } = interruption(() =>
        note("\nStopping when what is under way is answered; Ctrl-C again leaves at once."),
      );
      await noteFallback(given.engine);
      const server = await serveModels(options);
      if (json) printJson({ url: server.url, models: server.models });
      else announce(server);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      const abandoned = await server.close();
      if (0 < abandoned.length) await leaveAtOnce(failWith(unfinished(abandoned, options)));
      release();
    }),
  );
