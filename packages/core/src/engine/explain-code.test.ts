import { expect, it } from "vitest";
import { forbidCodeGeneration, mayGenerateCode } from "../plan/code-generation.ts";
import { field } from "../plan/builder.ts";
import { standardFunctionTable } from "../plan/function-table.ts";
import { planPipeline } from "../plan/planner.ts";
import { Pipeline } from "../pipeline.ts";
import { Broker } from "../testing/broker.ts";
import { RecordingSink } from "../testing/recording-sink.ts";
import type { Schema } from "../schema.ts";
import { t } from "../types/constructors.ts";
import { eventTime } from "./event-time.ts";
import { explainCode } from "./explain-code.ts";

function codeOf(schema?: Schema): string {
  const source = new Broker({ partitions: ["0"], ...(schema === undefined ? {} : { schema }) }).source<{ at: number }>();
  const pipeline = new Pipeline({ name: "p" }).from(source, { id: "in" }).addStage(eventTime<{ at: number }>({ timestamp: field("at") }), { id: "time" }).to(new RecordingSink("sink-first"), { id: "out" });
  return explainCode(planPipeline(pipeline.plan(), standardFunctionTable), standardFunctionTable);
}

it.skipIf(!mayGenerateCode())("shows the function of each source, by columns where the source has a schema, by rows where it has none", () => {
  const columns = codeOf(t.struct({ at: t.timestamp() }));
  expect(columns).toContain("const c0=batch.columns[0].values;");
  expect(columns).toContain('// "time"');
  const rows = codeOf();
  expect(rows).toContain("const r=values[i];");
  expect(rows.split("\n").at(-2)).toBe("}");
});

it("says so where code cannot be generated", () => {
  const may = mayGenerateCode();
  forbidCodeGeneration(true);
  try {
    expect(codeOf()).toBe("// This process may not generate code from strings: stages run as closures.\n");
  } finally {
    forbidCodeGeneration(!may);
  }
});
