// Sources that break SRC-14: each is noticed.
import { describe, expect, it } from "vitest";
import type { Source } from "../../contracts/source.ts";
import { StreamFlowError } from "../../errors.ts";
import { rowsOf, type Batch, type Rejected } from "../../record.ts";
import type { Schema } from "../../schema.ts";
import { conform } from "../../types/conform.ts";
import { t } from "../../types/constructors.ts";
import { testRecords } from "../test-item.ts";
import { TestSource } from "../test-source.ts";
import { failing } from "./failing.fixture.ts";
import { sourceConformance } from "./source.ts";
import type { TypedRows } from "./typed-rows.ts";

const values = Array.from({ length: 500 }, (_, id) => ({ id }));

/** A source that delivers batches as they are, changed. */
function changed(source: Source, schema: Schema | undefined, change: (batch: Batch) => Batch): Source {
  return {
    type: source.type,
    capabilities: source.capabilities,
    config: source.config,
    ...(schema === undefined ? {} : { schema }),
    async open(context) {
      const session = await source.open(context);
      return {
        poll(partition, limits) {
          const answer = session.poll(partition, limits);
          return typeof answer === "string" ? answer : change(answer);
        },
        ready: () => session.ready(),
        close: () => session.close(),
      };
    },
  };
}

/** Rejects what is no value of the schema, as a source must. */
function checked(batch: Batch, schema: Schema): Batch {
  const good: number[] = [];
  const rejected: Rejected[] = [];
  const rows = rowsOf(batch);
  for (let i = 0; i < batch.length; i++) {
    try {
      conform(rows[i], schema);
      good.push(i);
    } catch (error) {
      if (!StreamFlowError.is(error)) throw error;
      rejected.push({ beforeIndex: good.length, position: batch.positionAt(i), error, raw: undefined });
    }
  }
  return { ...batch, length: good.length, values: good.map((i) => rows[i]), positionAt: (index) => batch.positionAt(good[index] ?? 0), ...(rejected.length === 0 ? {} : { rejected }) };
}

interface Broken {
  /** What typed rows are read by. */
  readonly typed?: (batch: Batch, schema: Schema) => Batch;
  /** The schema that the source declares, of all its records. */
  readonly declared?: Schema;
  readonly forgetsSchema?: boolean;
}

function cases({ typed = checked, declared, forgetsSchema = false }: Broken) {
  return sourceConformance<Source>({
    capabilities: new TestSource({}).capabilities,
    create: () => changed(new TestSource({ only: testRecords(values) }), declared, (batch) => batch),
    source: (source) => source,
    expected: () => new Map([["only", values]]),
    typed: ({ schema, rows }: TypedRows) => ({ source: changed(new TestSource({ only: testRecords(rows) }), forgetsSchema ? undefined : schema, (batch) => typed(batch, schema)) }),
  });
}

describe("sources that break SRC-14", () => {
  const broken: readonly (readonly [string, Broken])[] = [
    ["checks nothing", { typed: (batch) => batch }],
    ["drops what it should reject", { typed: (batch, schema) => ({ ...checked(batch, schema), rejected: [] }) }],
    ["rejects the whole batch", { typed: (batch, schema) => (checked(batch, schema).rejected === undefined ? batch : { ...checked(batch, schema), length: 0, values: [] }) }],
    ["rounds int64", { typed: (batch, schema) => checked({ ...batch, values: rowsOf(batch).map((row) => ({ ...(row as object), count: BigInt(Number((row as { count: bigint }).count)) })) }, schema) }],
    ["does not say that it has a schema", { forgetsSchema: true }],
  ];
  it.each(broken)("one that %s", async (_, one) => {
    expect(await failing(cases(one), "SRC-14")).toEqual(new Set(["SRC-14"]));
  });

  it("one whose records are not of the schema that it declares, in rows or in columns, in every case", async () => {
    expect(await failing(cases({ declared: t.struct({ id: t.int64() }) }), "SRC-1")).toEqual(new Set(["SRC-1"]));
    const columns = changed(new TestSource({ only: testRecords(values) }), t.struct({ id: t.int32() }), (batch) => ({ ...batch, columns: [{ name: "id", values: rowsOf(batch).map(() => null) }] }));
    const suite = sourceConformance<Source>({ capabilities: columns.capabilities, create: () => columns, source: (source) => source, expected: () => new Map([["only", values]]) });
    expect(await failing(suite, "SRC-1")).toEqual(new Set(["SRC-1"]));
  });

  it("a sound one is not blamed", async () => {
    expect(await failing(cases({ declared: t.struct({ id: t.int32() }) }))).not.toContain("SRC-14");
    expect(await failing(cases({ declared: t.struct({ id: t.int32() }) }), "SRC-1")).toEqual(new Set());
  });
});
