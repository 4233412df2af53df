import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { registerConformance } from "./conformance/case.ts";
import { loggerConformance } from "./conformance/logger.ts";
import { secretsConformance } from "./conformance/secrets.ts";
import { testEnvironment } from "./environment.ts";
import { recordingLogger } from "./recording-logger.ts";

describe("a recording logger", () => {
  registerConformance(
    it,
    loggerConformance({
      capabilities: { learn: false, fail: false },
      create: () => {
        const logger = recordingLogger();
        return { logger, lines: () => logger.lines.map((line) => inspect(line, { breakLength: Infinity, compact: true, depth: 3 }).replaceAll(/[\n\u2028\u2029]/g, " ")) };
      },
    }),
  );

  it("keeps values as they are", () => {
    const logger = recordingLogger();
    const error = new RangeError("x");
    logger.warn("m", { error });
    expect(logger.lines[0]?.fields["error"]).toBe(error);
  });
});

describe("secrets of a test environment", () => {
  registerConformance(it, secretsConformance({ create: (secrets) => testEnvironment({ secrets }).environment.secrets }));
});
