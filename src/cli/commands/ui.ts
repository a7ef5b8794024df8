import { Command } from "@commander-js/extra-typings";
import { trainingArguments } from "../../training/setting-flags.ts";
import { guarded, interruption, wholeNumber } from "../guarded.ts";
import { examples, jsonOption, numeric } from "../options.ts";
import { note, print, printJson } from "../output.ts";

/** The usual port; if it is taken, the next free one is. */
const PORT = 7860;

/** `ocelli ui` */
export const uiCommand = new Command("ui")
  .description("Open a page with your runs: live curves, comparison, pictures, training")
  .argument("[runs]", "a folder of runs, or one run (default: runs)")
  .option("--port <number>", "the port, or the next free one; 0 takes any", numeric, PORT)
  .option("--no-token", "let every program of this machine in")
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli ui", "ocelli ui runs --port 8080", "ocelli ui runs/digits-mnist-cnn-1"))
  .action(
    guarded(async (given, { port: wanted, token: hasToken, json }) => {
      const { dashboardApp, linkWith, newToken, openRunsFolder, pageFolder } = await import(
        "../../serving/dashboard/index.ts"
      );
      const { listen } = await import("../../serving/http.ts");
      const port = wholeNumber("--port", wanted, 0);
      const runs = await openRunsFolder(given ?? "runs");
      const main = process.argv[1] ?? "";
      const token = hasToken ? process.env.OCELLI_TOKEN || newToken() : undefined;
      const app = dashboardApp({
        ...{ runs, page: await pageFolder(), token },
        commands: {
          train: (values, run) => [main, "train", "--out", run, ...trainingArguments(values)],
          resume: (run, { epochs, unfreeze, lr, from }) => {
            const flags = { epochs, lr, from };
            const given = Object.entries(flags).flatMap(([name, value]) =>
              value === undefined ? [] : [`--${name}=${value}`],
            );
            return [main, "resume", run, ...(unfreeze ? ["--unfreeze"] : []), ...given];
          },
          export: (run, { to, precision, out }) => {
            const wanted = [`--to=${to}`, `--precision=${precision}`, `--out=${out}`];
            return [main, "export", run, ...wanted, "--json"];
          },
        },
      });
      const server = await listen(app, { port, orNextFree: true });
      if (port !== 0 && server.port !== port) note(`Port ${port} is taken; this dashboard has ${server.port}.`);
      const link = linkWith(server.url, token);
      if (json) printJson({ runs: runs.name, url: link });
      else print(`Dashboard of "${runs.name}": ${link}`);
      if (runs.isMissing) note(`There is no folder "${runs.name}" yet: the first run that is trained here makes it.`);
      note("Ctrl-C ends it.");
      await interrupted();
      note("Training that was started here is saved and stopped.");
      await app.close();
      await server.close();
    }),
  );

/** Ctrl-C, once. */
const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    const { release } = interruption(() => {
      release();
      resolve();
    });
  });
