import { expect, it } from "vitest";
import { csvEncoder } from "./csv.ts";
import { encoderOf } from "./formats.ts";

it("knows formats by name, and takes an encoder as it is", () => {
  for (const name of ["ndjson", "csv", "lines"] as const) expect(encoderOf(name).type).toBe(name);
  const own = csvEncoder({ delimiter: ";" });
  expect(encoderOf(own)).toBe(own);
});
