// Hunts for output that is lost or doubled when real sinks run under the engine, and the process dies at every point that has a name.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deadLetterLog, decodeDeadLetter, Pipeline, t, type Sink } from "@streamflow/core";
import { memoryStores, PipelineDriver, ScriptedFaults } from "@streamflow/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callbackSink } from "./connectors/callback.ts";
import { committedParts } from "./connectors/file-log.ts";
import { fileSink } from "./connectors/file.ts";
import { httpSink } from "./connectors/http.ts";
import type { HttpFetch } from "./connectors/http-client.ts";
import { memorySink } from "./connectors/memory.ts";
import { sqliteSink } from "./connectors/sqlite.ts";
import { identityKey } from "./idempotency.ts";
import { outboxed } from "./outbox.ts";

let root = "";
let runs = 0;
beforeAll(() => void (root = mkdtempSync(join(tmpdir(), "streamflow-sinks-"))));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A sink, and what a reader of its target sees. */
interface Subject {
  sink(): Sink<{ n: number }>;
  read(driver: PipelineDriver): Promise<readonly number[]>;
}

const subjects: Record<string, () => Subject> = {
  file: () => ({
    sink: () => fileSink({ folder: "/data/out" }),
    async read({ world }) {
      const files = world.disk.files();
      const listed = (await committedParts(world.disk, "/data/out")).map(({ name }) => `/data/out/${name}`);
      expect([...files.keys()].filter((path) => path.includes("/part-"))).toEqual(listed);
      return listed.flatMap((path) => new TextDecoder().decode(files.get(path)).trimEnd().split("\n")).map((line) => (JSON.parse(line) as { n: number }).n);
    },
  }),
  sqlite() {
    const path = join(root, `${runs++}.db`);
    return {
      sink: () => sqliteSink({ path, table: "t", schema: t.struct({ n: t.int32() }) }),
      async read() {
        const database = new DatabaseSync(path);
        try {
          return database.prepare("SELECT n FROM t ORDER BY rowid").all().map((row) => Number(row["n"]));
        } finally {
          database.close();
        }
      },
    };
  },
  memory() {
    const sink = memorySink<{ n: number }>();
    return { sink: () => sink, read: async () => sink.values.map(({ n }) => n) };
  },
  outbox() {
    const rows = new Map<string, number>();
    return {
      sink: () => outboxed(callbackSink<{ n: number }>((records, batch) => records.forEach(({ n }, i) => rows.set(identityKey({ pipeline: "p", node: "out" }, batch.identityAt(i)), n)), { delivery: "idempotent" })),
      read: async () => [...rows.values()],
    };
  },
};

/** A web service in memory that does the work of a key once. */
class Service {
  readonly done = new Map<string, string>();
  /** Bodies with this number are refused. */
  bad = -1;

  readonly fetch: HttpFetch = async (_, { headers, body }) => {
    const text = new TextDecoder().decode(body);
    const isBad = new RegExp(`"n":${this.bad}\\b`).test(text);
    if (!isBad && !this.done.has(headers["idempotency-key"] ?? "")) this.done.set(headers["idempotency-key"] ?? "", text);
    return { status: isBad ? 400 : 200, headers: { get: () => null }, body: null };
  };

  get numbers(): readonly number[] {
    return [...this.done.values()].flatMap((text) => [JSON.parse(text) as { n: number } | { n: number }[]].flat().map(({ n }) => n));
  }
}

subjects["http"] = () => {
  const service = new Service();
  return { sink: () => httpSink({ url: "http://service.test/", delivery: "idempotent", fetch: service.fetch }), read: async () => service.numbers };
};
subjects["http in batches"] = () => {
  const service = new Service();
  return { sink: () => httpSink({ url: "http://service.test/", delivery: "idempotent", batch: { maxRecords: 2 }, fetch: service.fetch }), read: async () => service.numbers };
};

const partitions = ["0", "1"];

async function scenario(names: readonly string[], mode: "sync" | "async", faults: ScriptedFaults): Promise<readonly (readonly number[])[]> {
  const chosen = names.map((name) => subjects[name]?.() ?? expect.fail(name));
  let hasCrashed = false;
  const driver = new PipelineDriver({
    brokers: { in: { partitions, bounded: true } },
    faults: {
      reach(point) {
        // A plan that has crashed once lets later processes live.
        if (hasCrashed) return;
        try {
          faults.reach(point);
        } catch (error) {
          hasCrashed = true;
          throw error;
        }
      },
    },
    build(ends) {
      const source = new Pipeline({ name: "p", checkpoint: { everyMs: 100, mode, keep: 2 }, batch: { maxRecords: 3 } }).from(ends.source<{ n: number }>());
      chosen.forEach((subject, i) => source.to(subject.sink(), { id: `out${i}` }));
      return source;
    },
  });
  const revive = async (): Promise<void> => {
    for (let tries = 0; tries < 3 && !driver.isAlive() && driver.run().state !== "finished"; tries++) await driver.restart();
  };
  await driver.start();
  await revive();
  for (let round = 0; round < 4; round++) {
    for (const partition of partitions) driver.push(Array.from({ length: 7 }, (_, i) => ({ n: Number(partition) * 1000 + round * 7 + i })), partition);
    await driver.advance(60);
    await revive();
  }
  driver.broker().end();
  for (let tries = 0; tries < 10 && driver.run().state !== "finished"; tries++) {
    await driver.advance(200);
    await revive();
  }
  expect(driver.run().state).toBe("finished");
  return Promise.all(chosen.map((subject) => subject.read(driver)));
}

const all = partitions.flatMap((partition) => Array.from({ length: 28 }, (_, i) => Number(partition) * 1000 + i));

describe.each([[["file"]], [["sqlite"]], [["memory"]], [["outbox"]], [["http"]], [["http in batches"]], [["file", "sqlite", "outbox"]]])("%s", (names) => {
  for (const mode of ["sync", "async"] as const) {
    it(`${mode}: after a crash at any named point every record is there once, in order per partition`, { timeout: 120_000 }, async () => {
      const watch = new ScriptedFaults();
      const check = (outputs: readonly (readonly number[])[], when: string): void => {
        for (const [i, output] of outputs.entries()) {
          expect(partitions.flatMap((p) => output.filter((n) => Math.floor(n / 1000) === Number(p))), `${names[i]}, ${when}`).toEqual(all);
        }
      };
      check(await scenario(names, mode, watch), "no crash");
      expect(watch.visits.size).toBeGreaterThan(8);
      for (const [point, visits] of watch.visits) {
        for (const visit of new Set([1, Math.min(2, visits)])) check(await scenario(names, mode, new ScriptedFaults({ at: { point, visit } })), `crash at visit ${visit} of ${point}`);
      }
    });
  }
});

it("SNK-17: what a target refuses in a commit is one dead letter, also where the commit is made again, and where it is the last one", async () => {
  const service = new Service();
  service.bad = 2;
  const driver = new PipelineDriver({
    brokers: { in: { bounded: true } },
    build: (ends) => new Pipeline({ name: "p", checkpoint: { everyMs: 100 } }).from(ends.source<{ n: number }>()).to(httpSink({ url: "http://service.test/", delivery: "idempotent", batch: {}, fetch: service.fetch }), { id: "out" }),
  });
  const letters = async () => (await memoryStores(driver.world.clock, driver.storage).logs.read(deadLetterLog("p"), 0, 100)).map(({ payload }) => decodeDeadLetter(payload));
  await driver.start();
  driver.push([{ n: 1 }, { n: 2 }, { n: 3 }]);
  await driver.advance(200);
  // Whoever comes next commits the epoch again, and the letter is there before it goes on.
  await driver.restart();
  driver.push([{ n: 4 }]);
  await driver.advance(200);
  expect(service.numbers).toEqual([1, 3, 4]);
  expect((await letters()).map(({ node, code, raw }) => [node, code, new TextDecoder().decode(raw)])).toEqual([["out", "SF_SINK_REJECTED", '{"n":2}']]);
  service.bad = 5;
  driver.push([{ n: 5 }]);
  driver.broker().end();
  await driver.advance(50);
  expect(driver.run().state).toBe("finished");
  expect((await letters()).map(({ raw }) => new TextDecoder().decode(raw))).toEqual(['{"n":2}', '{"n":5}']);
});
