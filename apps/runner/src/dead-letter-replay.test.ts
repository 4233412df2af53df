// Dead letters of a job on real files, replayed after what was wrong is mended.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { deadLetterLog, decodeDeadLetter, nullable, Pipeline, PipelineRun, t, type ReplayResult, type Schema } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { recordingLogger } from "@streamflow/core/testing";
import { fileSource } from "@streamflow/ingest";
import { sqliteSink } from "@streamflow/sink";
import { closeAll, openDataFolder } from "@streamflow/state";
import { map } from "@streamflow/transform";
import { afterEach, beforeEach, expect, it } from "vitest";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(`${tmpdir()}/streamflow-letters-`)));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Order {
  readonly id: number;
  readonly note: string | null;
}

/** What is wrong at first: notes may not be null, one order has no price, and one note is too long for its column. */
interface Settings {
  readonly schema: Schema;
  readonly prices: ReadonlyMap<number, number>;
  readonly notes: Schema;
}

function orders({ schema, prices, notes }: Settings): Pipeline {
  return new Pipeline({ name: "orders", deadLetters: { maxBytes: 1000 } })
    .from(fileSource<Order>({ path: `${folder}/orders.ndjson`, schema } as { path: string }))
    .to(sqliteSink({ path: `${folder}/out.db`, table: "seen", schema: t.struct({ id: t.int32(), note: nullable(t.string()) }) }), { id: "seen" })
    .addStage(map((order: Order) => {
      const price = prices.get(order.id);
      if (price === undefined) throw new RangeError(`order ${order.id} has no price`);
      return { id: order.id, price, note: order.note ?? 7 };
    }), { id: "priced" })
    .to(sqliteSink({ path: `${folder}/out.db`, table: "priced", schema: notes }), { id: "rows" }) as unknown as Pipeline;
}

async function run(settings: Settings, replays: boolean): Promise<{ readonly replayed: ReplayResult | undefined; readonly letters: readonly (readonly [string, string])[] }> {
  const environment = nodeEnvironment({ logger: recordingLogger() });
  const stores = await openDataFolder(`${folder}/data`, environment);
  try {
    let replayed: ReplayResult | undefined;
    await new PipelineRun(orders(settings).plan(), { environment, stores, ...(replays ? { replayed: (found) => (replayed = found) } : {}) }).run();
    const letters = (await stores.logs.read(deadLetterLog("orders"), 0, 100)).map(({ payload }) => decodeDeadLetter(payload));
    return { replayed, letters: letters.map(({ node, raw }) => [node, new TextDecoder().decode(raw)] as const) };
  } finally {
    await closeAll(stores);
  }
}

function rows(table: string): readonly unknown[] {
  const database = new DatabaseSync(`${folder}/out.db`, { readOnly: true });
  try {
    return database.prepare(`SELECT * FROM ${table} ORDER BY id`).all().map((row) => Object.values(row).join("|"));
  } finally {
    database.close();
  }
}

it("letters of a source, a stage and a sink keep the original bytes, and go through when what was wrong is mended: each once", { timeout: 60_000 }, async () => {
  const lines = ['{"id":1,"note":"a"}', '{"id":2,"note":"b"}', '{"id":3,"note":null}', '{"id":4,"note":"d"}', "{broken"];
  writeFileSync(`${folder}/orders.ndjson`, lines.map((line) => `${line}\n`).join(""));
  const strict = t.struct({ id: t.int32(), note: t.string() });
  const lenient = t.struct({ id: t.int32(), note: nullable(t.string()) });
  const table = t.struct({ id: t.int32(), price: t.float64(), note: t.string() });
  const some = new Map([[1, 10], [3, 30], [4, 40]]);
  const all = new Map([...some, [2, 20]]);

  const first = await run({ schema: strict, prices: some, notes: table }, false);
  expect(first.letters).toEqual([["file", lines[2]], ["file", lines[4]], ["priced", lines[1]]]);
  expect(rows("priced")).toEqual(["1|10|a", "4|40|d"]);

  // Nulls may come now, and the second order has a price; what becomes of a null is refused by the table.
  const second = await run({ schema: lenient, prices: all, notes: table }, true);
  expect(second.replayed).toEqual({ replayed: 2, refused: 1, left: 1 });
  expect(second.letters.toSorted()).toEqual([["file", lines[4]], ["rows", lines[2]]]);
  expect(rows("priced")).toEqual(["1|10|a", "2|20|b", "4|40|d"]);
  expect(rows("seen")).toEqual(["1|a", "2|b", "3|", "4|d"]);

  const again = await run({ schema: lenient, prices: all, notes: table }, true);
  expect(again.replayed).toEqual({ replayed: 1, refused: 1, left: 1 });
  expect(again.letters.toSorted()).toEqual(second.letters.toSorted());
  // The pipeline itself has nothing to do.
  await run({ schema: lenient, prices: all, notes: table }, false);
  expect([rows("priced"), rows("seen")]).toEqual([["1|10|a", "2|20|b", "4|40|d"], ["1|a", "2|b", "3|", "4|d"]]);
  expect(readFileSync(`${folder}/orders.ndjson`, "utf8").split("\n")).toHaveLength(6);
});

it("letters of a CSV file are read again under its header", { timeout: 60_000 }, async () => {
  writeFileSync(`${folder}/orders.csv`, 'note,extra,id\n5,x,1\n,x,2\n7,"x ""quoted""\nin two lines",3\n,"y, z\n",4\n8,x,nothing\n');
  const read = async (note: Schema, replays: boolean): Promise<ReplayResult | undefined> => {
    const environment = nodeEnvironment({ logger: recordingLogger() });
    const stores = await openDataFolder(`${folder}/data`, environment);
    try {
      let replayed: ReplayResult | undefined;
      const source = fileSource({ path: `${folder}/orders.csv`, schema: t.struct({ id: t.int32(), note: note as ReturnType<typeof t.int32> }) });
      const pipeline = new Pipeline({ name: "orders" }).from(source).to(sqliteSink({ path: `${folder}/out.db`, table: "seen", schema: t.struct({ id: t.int32(), note: nullable(t.int32()) }) }), { id: "seen" });
      await new PipelineRun(pipeline.plan(), { environment, stores, ...(replays ? { replayed: (found) => (replayed = found) } : {}) }).run();
      return replayed;
    } finally {
      await closeAll(stores);
    }
  };
  await read(t.int32(), false);
  expect(rows("seen")).toEqual(["1|5", "3|7"]);
  expect(await read(nullable(t.int32()), true)).toEqual({ replayed: 2, refused: 0, left: 1 });
  expect(rows("seen")).toEqual(["1|5", "2|", "3|7", "4|"]);
});
