// The clauses LOG-1 to LOG-6 as checks.
import assert from "node:assert/strict";
import type { LogStore } from "../../contracts/stores.ts";
import { mustFail, SuiteBuilder, type ConformanceCase } from "./case.ts";
import { crashes, range, sameBytes, sampleBytes, StoreTrial, type StoreHarness } from "./store-trial.ts";

type Trial<Storage> = StoreTrial<LogStore, Storage>;

/** Checks that a store keeps the promises of {@link LogStore}. */
export function logStoreConformance<Storage>(harness: StoreHarness<LogStore, Storage>): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<Trial<Storage>>(() => StoreTrial.begin(harness));
  addReading(suite);
  addRefusals(suite);

  for (const length of [0, 1, 1_048_576]) {
    suite.add(["LOG-6", `an entry of ${length} bytes comes back unchanged`], async (t) => {
      const bytes = sampleBytes(length);
      await (await t.open()).append("log", [bytes]);
      bytes.fill(0xee);
      const store = await t.open();
      const entries = await store.read("log", 0, 10);
      assert.equal(entries.length, 1);
      sameBytes(entries[0]?.payload ?? new Uint8Array(), sampleBytes(length), "an entry");
    });
  }

  suite.add(
    ["LOG-1", "entries that were appended outlive a power loss"],
    async (t) => {
      let store = await t.open();
      for (const seed of range(8)) {
        await store.append("log", [text(`a${seed}`), text(`b${seed}`)]);
        store = await t.crashAndOpen(seed);
        assert.deepEqual(await texts(store, 0), range(seed + 1).flatMap((i) => [`a${i}`, `b${i}`]));
      }
    },
    crashes(harness),
  );
  return suite.cases;
}

function addReading<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["LOG-1", "append answers the cursor of its last entry; entries of one call are adjacent and durable"], async (t) => {
    let store = await t.open();
    const answers = await Promise.all(range(10).map((i) => store.append("log", range(5).map((j) => text(`${i}.${j}`)))));
    store = await t.open();
    const entries = await store.read("log", 0, 1000);
    assert.equal(entries.length, 50);
    for (const [i, cursor] of answers.entries()) {
      const end = entries.findIndex((entry) => entry.cursor === cursor);
      assert.deepEqual(entries.slice(end - 4, end + 1).map(textOf), range(5).map((j) => `${i}.${j}`));
    }
  });

  suite.add(["LOG-2", "read answers what comes after a cursor, in order, up to the limit"], async (t) => {
    const store = await t.open();
    for (const i of range(10)) await store.append("log", [text(`${i}`)]);
    const all = await store.read("log", 0, 1000);
    assert.deepEqual(all.map(textOf), range(10).map(String));
    assert.ok(all.every((entry, i) => i === 0 || entry.cursor > (all[i - 1]?.cursor ?? 0)), "cursors grow");
    assert.ok(all.every((entry) => Number.isFinite(entry.timeMs)), "entries are stamped");
    assert.deepEqual(await texts(store, all[3]?.cursor ?? 0, 4), ["4", "5", "6", "7"]);
    assert.deepEqual(await texts(store, all[9]?.cursor ?? 0), []);
    assert.equal(await store.count("log"), 10);
  });

  suite.add(["LOG-2", "logs do not leak into each other; one that was never written is empty"], async (t) => {
    const store = await t.open();
    const names = ["a", "A", "a/b", "..", "a\u0308", "ä", "a b", "%61"];
    for (const name of names) await store.append(name, [text(name)]);
    for (const name of names) assert.deepEqual((await store.read(name, 0, 10)).map(textOf), [name]);
    assert.deepEqual(await store.read("other", 0, 10), []);
    assert.equal(await store.count("other"), 0);
    const known = await store.names();
    assert.ok(names.every((name) => known.includes(name)), `names() answers every log, got ${JSON.stringify(known)}`);
  });

  suite.add(["LOG-3", "trim removes up to a cursor, for good, and cursors are never used again"], async (t) => {
    let store = await t.open();
    const cursors: number[] = [];
    for (const i of range(5)) cursors.push(await store.append("log", [text(`${i}`)]));
    await store.trim("log", cursors[2] ?? 0);
    assert.deepEqual(await texts(store, 0), ["3", "4"]);
    assert.equal(await store.count("log"), 2);
    await store.trim("log", cursors[4] ?? 0);
    store = await t.open();
    assert.deepEqual(await texts(store, 0), []);
    assert.ok((await store.append("log", [text("next")])) > (cursors[4] ?? 0), "the cursor of a removed entry is not used again");
    assert.deepEqual(await texts(store, 0), ["next"]);
  });
}

function addRefusals<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["LOG-4", "an entry whose key is in the log already is left out, also after a reopen; the others of the call are appended"], async (t) => {
    let store = await t.open();
    await store.append("log", [text("a"), text("b")], { keys: ["k-a", undefined] });
    store = await t.open();
    await store.append("log", [text("a"), text("c"), text("b")], { keys: ["k-a", "k-c", undefined] });
    await store.append("log", [text("c"), text("a")], { keys: ["k-c", "k-a"] });
    assert.deepEqual(await texts(store, 0), ["a", "b", "c", "b"]);
    assert.equal(await store.count("log"), 4);
  });

  suite.add(["LOG-4", "one key twice in a call is one entry"], async (t) => {
    const store = await t.open();
    await store.append("log", [text("a"), text("a"), text("b")], { keys: ["k", "k", "l"] });
    assert.deepEqual(await texts(store, 0), ["a", "b"]);
  });

  suite.add(["LOG-4", "a key counts in its own log alone, and until its entry is trimmed"], async (t) => {
    const store = await t.open();
    const cursor = await store.append("log", [text("a")], { keys: ["k"] });
    await store.append("other", [text("b")], { keys: ["k"] });
    assert.equal(await store.count("other"), 1);
    await store.trim("log", cursor);
    await store.append("log", [text("again")], { keys: ["k"] });
    assert.deepEqual(await texts(store, 0), ["again"]);
  });

  suite.add(["LOG-5", "an append under an older generation is refused, and changes nothing"], async (t) => {
    let store = await t.open();
    await store.append("log", [text("a")], { fence: { shard: "k:0", generation: 1 } });
    await store.append("log", [text("b")], { fence: { shard: "k:0", generation: 3 } });
    await mustFail("SF_CHECKPOINT_FENCED", () => store.append("log", [text("x")], { fence: { shard: "k:0", generation: 2 } }));
    store = await t.open();
    await mustFail("SF_CHECKPOINT_FENCED", () => store.append("log", [text("x")], { fence: { shard: "k:0", generation: 2 }, keys: ["k"] }));
    await store.append("log", [text("c")], { fence: { shard: "k:0", generation: 3 } });
    await store.append("log", [text("d")], { fence: { shard: "k:1", generation: 1 }, keys: ["k"] });
    assert.deepEqual(await texts(store, 0), ["a", "b", "c", "d"]);
  });
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function text(value: string): Uint8Array {
  return encoder.encode(value);
}

function textOf(entry: { readonly payload: Uint8Array }): string {
  return decoder.decode(entry.payload);
}

async function texts(store: LogStore, after: number, limit = 1000): Promise<readonly string[]> {
  return (await store.read("log", after, limit)).map(textOf);
}
