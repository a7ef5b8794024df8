import { expect, test } from "vitest";
import { reserveEnvironment } from "./environment.ts";

test.runIf(process.platform === "linux")("variables that are set later have a place from the start", () => {
  const environment: NodeJS.ProcessEnv = {};
  reserveEnvironment(environment);
  expect(environment).toEqual({ FONTCONFIG_PATH: "/etc/fonts", FONTCONFIG_FILE: "fonts.conf", GOMP_SPINCOUNT: "1000" });
});

test("what is set already stays", () => {
  const environment: NodeJS.ProcessEnv = { FONTCONFIG_PATH: "/a", FONTCONFIG_FILE: "b", OMP_WAIT_POLICY: "active" };
  reserveEnvironment(environment);
  expect(environment).toEqual({ FONTCONFIG_PATH: "/a", FONTCONFIG_FILE: "b", OMP_WAIT_POLICY: "active" });
});

test.runIf(process.platform === "linux")("loading what draws text gives them their place", async () => {
  delete process.env.FONTCONFIG_FILE;
  await import("./image/fonts.ts");
  expect(process.env.FONTCONFIG_FILE).toBe("fonts.conf");
});
