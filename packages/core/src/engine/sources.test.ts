import { describe, expect, it } from "vitest";
import type { Environment } from "../contracts/environment.ts";
import type { Source, SourceContext, SourceSession } from "../contracts/source.ts";
import { standardFunctionTable } from "../plan/function-table.ts";
import { edges, logicalPlan, sinkNode, sourceNode } from "../plan/plan.fixture.ts";
import { planPipeline } from "../plan/planner.ts";
import { testEnvironment } from "../testing/environment.ts";
import { InProcessThreads } from "../testing/in-process-threads.ts";
import { Sources } from "./sources.ts";

const session: SourceSession = { poll: () => "end", ready: async () => undefined, close: async () => undefined };

/** Opens a source in a pipeline of so many threads; answers what it was told. */
async function parallelismTold(source: Pick<Source, "parallelism"> & { readonly parallel: boolean }, environment: Environment): Promise<number | undefined> {
  let told: SourceContext | undefined;
  const node = sourceNode("in");
  const opened: Source = {
    ...node.source!,
    ...source,
    capabilities: { ...node.source!.capabilities, parallel: source.parallel },
    open: async (context) => {
      told = context;
      return session;
    },
  };
  const plan = logicalPlan([{ ...node, source: opened }, sinkNode("out")], edges("in > out"));
  const handlers = { assigned: async () => new Map(), revoked: async () => undefined, lost: () => undefined, ready: () => undefined, failed: () => undefined };
  const physical = planPipeline({ ...plan, config: { ...plan.config, parallelism: 3 } }, standardFunctionTable);
  await new Sources({ plan: physical, environment, functions: standardFunctionTable, signal: new AbortController().signal, limits: { maxRecords: 1, maxBytes: 1 }, handlers }).open();
  return told?.parallelism;
}

describe("threads of a source", () => {
  it("are as many as the pipeline says, or the source, where it can be shared", async () => {
    const { environment, disk, logger } = testEnvironment();
    const threaded = { ...environment, threads: new InProcessThreads({ disk }) };
    expect(await parallelismTold({ parallel: true }, threaded)).toBe(3);
    expect(await parallelismTold({ parallel: true, parallelism: 2 }, threaded)).toBe(2);
    expect(await parallelismTold({ parallel: false }, threaded)).toBe(1);
    expect(logger.lines.length).toBe(0);
  });

  it("are missed aloud where the environment has none", async () => {
    const { environment, logger } = testEnvironment();
    await parallelismTold({ parallel: false }, environment);
    expect(logger.lines.length).toBe(0);
    await parallelismTold({ parallel: true }, environment);
    expect(logger.lines).toMatchObject([{ level: "warn", message: 'source "in" is read by one thread: the environment has no others', fields: { parallelism: 3 } }]);
  });
});
