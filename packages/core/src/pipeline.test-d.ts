// Types along a chain of stages: row S7.
import { expectTypeOf } from "vitest";
import { Pipeline } from "./pipeline.ts";
import type { Stage } from "./stage.ts";

const config = { name: "types" };
declare const parse: Stage<string, { readonly id: number }>;
declare const ids: Stage<{ readonly id: number }, number>;
declare const numbers: Stage<number>;

const pipeline = new Pipeline<string>(config).addStage(parse).addStage(ids).addStage(numbers);
expectTypeOf(pipeline).toEqualTypeOf<Pipeline<string, number>>();
expectTypeOf(pipeline.execute).parameter(0).toEqualTypeOf<AsyncIterable<string> | Iterable<string>>();
expectTypeOf(pipeline.execute([])).toEqualTypeOf<AsyncGenerator<number>>();
expectTypeOf(new Pipeline<number>(config).addStage(numbers)).toEqualTypeOf<Pipeline<number, number>>();

// @ts-expect-error -- ids takes records with an id, not text
new Pipeline<string>(config).addStage(ids);
// @ts-expect-error -- the pipeline takes text
pipeline.execute([1]);

// A stage written in place, as in the excerpt.
const doubled = new Pipeline<number>(config).addStage({
  validate() {},
  async *process(stream: AsyncIterable<number>) {
    for await (const value of stream) yield String(value);
  },
});
expectTypeOf(doubled).toEqualTypeOf<Pipeline<number, string>>();
