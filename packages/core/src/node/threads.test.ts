import { describe, it } from "vitest";
import { registerConformance } from "../testing/conformance/case.ts";
import { threadsConformance } from "../testing/conformance/threads.ts";
import { nodeThreads } from "./threads.ts";

describe("threads of the process", () => {
  registerConformance(it, threadsConformance({ create: nodeThreads }));
});
