import { describe, it } from "vitest";
import { registerConformance } from "../testing/conformance/case.ts";
import { randomConformance } from "../testing/conformance/environment.ts";
import { systemRandom } from "./random.ts";

describe("randomness of the machine", () => registerConformance(it, randomConformance({ create: systemRandom })));
