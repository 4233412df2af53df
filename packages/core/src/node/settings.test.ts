import { expect, it } from "vitest";
import { nodeEnvironment } from "./environment.ts";
import { envSettings } from "./settings.ts";

it("answers variables as they are, each time anew, and nothing that objects inherit", () => {
  const variables: Record<string, string> = { A: "1", EMPTY: "" };
  const settings = envSettings(variables);
  expect([settings.get("A"), settings.get("EMPTY"), settings.get("B"), settings.get("constructor")]).toEqual(["1", "", undefined, undefined]);
  variables["B"] = "2";
  expect(settings.get("B")).toBe("2");
});

it("a switch that was read is no secret: the log shows it", () => {
  const lines: string[] = [];
  const environment = nodeEnvironment({ settings: envSettings({ SWITCH: "true-ish" }), log: { stream: { write: (text: string) => lines.push(text) } } });
  expect(environment.settings?.get("SWITCH")).toBe("true-ish");
  environment.logger.info("it is true-ish");
  expect(lines.join("")).toContain("true-ish");
});
