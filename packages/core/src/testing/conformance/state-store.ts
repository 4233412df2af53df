// The clauses STT-1 to STT-12 as checks.
import assert from "node:assert/strict";
import type { StateEntry, StateRange, StateStore, StateWrite } from "../../contracts/state-store.ts";
import { MemoryStateStore } from "../memory-state-store.ts";
import { seededRandom } from "../seeded-random.ts";
import { mustFail, SuiteBuilder, type ConformanceCase } from "./case.ts";
import { all, brief, bytes, contents, contentsOf, entry, fill, hex, save, textOf, utf8 } from "./state-trial.ts";
import { range, sameBytes, sampleBytes, StoreTrial, type StoreHarness } from "./store-trial.ts";

/** What the suite needs. A function that is missing is a capability that the subject lacks. */
export interface StateStoreHarness<Storage> extends Omit<StoreHarness<StateStore, Storage>, "failAfter"> {
  readonly isDurable: boolean;
  /** Changes the stored value of a key behind the store's back; no store is open. */
  damage?(storage: Storage, namespace: string, key: Uint8Array): void | Promise<void>;
}

type Trial<Storage> = StoreTrial<StateStore, Storage>;

const hostileNames = ["", "a", "A", "a/b", "a\u0000b", "a\u0000", "..", "a\u0308", "ä", "%61", "a'; --", "\u{1f4a7}", "\uffee", "k".repeat(500)];

/** Checks that a store keeps the promises of {@link StateStore}. */
export function stateStoreConformance<Storage>(harness: StateStoreHarness<Storage>): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<Trial<Storage>>(() => StoreTrial.begin<StateStore, Storage>(harness));
  addValues(suite);
  addScans(suite);
  addSnapshots(suite);
  addDamage(suite, harness);
  addNamespaces(suite);
  addBatches(suite);
  addDurability(suite, harness);

  suite.add(["STT-12", "close may be repeated; a closed store answers nothing"], async (t) => {
    const store = await t.open();
    await store.put("n", bytes(1), bytes(1));
    await store.close();
    await store.close();
    const calls: readonly (() => unknown)[] = [
      () => store.get("n", bytes(1)),
      () => store.getMany("n", [bytes(1)]),
      () => store.put("n", bytes(1), bytes(2)),
      () => store.delete("n", bytes(1)),
      () => store.batch([]),
      () => all(store, "n"),
      () => store.namespaces(),
      () => store.clear("n"),
      () => store.snapshot(),
      () => store.restore([]),
      () => store.flush(),
    ];
    for (const call of calls) await mustFail("SF_LIFECYCLE_ILLEGAL", call);
  });
  return suite.cases;
}

function addValues<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["STT-1", "an absent key is undefined, one by one and among many; an empty value is a value"], async (t) => {
    const store = await t.open();
    assert.equal(await store.get("n", bytes(1)), undefined);
    await store.put("n", bytes(1), bytes());
    await store.put("n", bytes(3), bytes(9));
    assert.deepEqual(await store.get("n", bytes(1)), bytes());
    assert.deepEqual(await store.getMany("n", [bytes(3), bytes(2), bytes(1), bytes(3)]), [bytes(9), undefined, bytes(), bytes(9)]);
    await store.delete("n", bytes(1));
    assert.equal(await store.get("n", bytes(1)), undefined);
    assert.deepEqual(await store.getMany("n", []), []);
  });

  for (const length of [0, 1, 255, 65_536, 1_048_576]) {
    suite.add(["STT-2", `a value of ${length} bytes comes back unchanged`], async (t) => {
      const store = await t.open();
      await store.put("n", bytes(1), sampleBytes(length));
      sameBytes((await store.get("n", bytes(1))) ?? assert.fail("it is gone"), sampleBytes(length), "the value");
    });
  }

  suite.add(["STT-2", "any key comes back: empty, separators, every byte, long"], async (t) => {
    const store = await t.open();
    const keys = [bytes(), bytes(0), bytes(0, 0), bytes(0, 0xff), utf8("a/b"), utf8("ä\u{1f4a7}"), bytes(0xff), bytes(0xff, 0xff), ...range(256).map((byte) => bytes(7, byte)), sampleBytes(4000)];
    await store.batch(keys.map((key, i) => ({ namespace: "n", key, value: utf8(`${i}`) })));
    for (const [i, key] of keys.entries()) assert.equal(textOf(await store.get("n", key)), `${i}`, `value of key [${key.subarray(0, 10)}]`);
    assert.equal((await all(store, "n")).length, keys.length);
  });

  suite.add(["STT-2", "what was handed over may be overwritten at once, and what was answered changes nothing"], async (t) => {
    const store = await t.open();
    const [key, value] = [bytes(1, 2), bytes(3, 4)];
    const pending = [store.put("n", key, value)];
    key.fill(0);
    value.fill(0);
    const write = { namespace: "n", key: bytes(5), value: bytes(6) };
    pending.push(store.batch([write]));
    write.key.fill(0);
    write.value.fill(0);
    await Promise.all(pending);
    for (const _ of range(2)) {
      const found = await all(store, "n");
      assert.deepEqual(found, [entry([1, 2], [3, 4]), entry([5], [6])]);
      for (const one of found) [one.key, one.value].forEach((answered) => answered.fill(0));
      (await store.get("n", bytes(5)))?.fill(0);
    }
  });

  suite.add(["STT-3", "the last write wins, in the order of the calls, and is seen at once"], async (t) => {
    const store = await t.open();
    const pending = range(50).flatMap((i) => [store.put("n", bytes(1), utf8(`${i}`)), store.batch([{ namespace: "n", key: bytes(2), value: utf8(`${i}`) }])]);
    const seen = store.get("n", bytes(1));
    pending.push(store.delete("n", bytes(2)), store.put("n", bytes(3), bytes(1)), store.clear("n"), store.put("n", bytes(4), bytes(2)));
    const left = all(store, "n");
    const answers = [textOf(await seen), await left];
    await Promise.all(pending);
    assert.deepEqual(answers, ["49", [entry([4], [2])]]);
    assert.deepEqual(await all(store, "n"), [entry([4], [2])]);
  });

  suite.add(["STT-4", "deleting and clearing what is not there is fine"], async (t) => {
    const store = await t.open();
    await store.delete("n", bytes(1));
    await store.clear("n");
    await store.put("n", bytes(1), bytes(1));
    await store.delete("n", bytes(2));
    await store.delete("n", bytes(1));
    await store.delete("n", bytes(1));
    assert.deepEqual(await all(store, "n"), []);
  });
}

function addScans<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["STT-5", "scan is in the order of bytes, half-open"], async (t) => {
    const store = await t.open();
    const keys = [bytes(), bytes(0), bytes(0, 0), bytes(0, 1), bytes(1), bytes(0x7f), bytes(0x80), bytes(0x80, 0), bytes(0xff), bytes(0xff, 0xff)];
    const shuffled = keys.map((_, i) => keys[(i * 7) % keys.length] ?? bytes());
    for (const key of shuffled) await store.put("n", key, key);
    const expectRange = async (bounds: StateRange, from: number, to: number): Promise<void> => {
      assert.deepEqual((await all(store, "n", bounds)).map(({ key }) => key), keys.slice(from, to), `[${bounds.from}] to [${bounds.to}]`);
    };
    await expectRange({}, 0, 10);
    for (const [i, from] of keys.entries()) {
      await expectRange({ from }, i, 10);
      await expectRange({ to: from }, 0, i);
      for (const [j, to] of keys.entries()) await expectRange({ from, to }, i, Math.max(i, j));
    }
    await expectRange({ from: bytes(0, 0, 0), to: bytes(0x80, 0, 0) }, 3, 8);
  });

  suite.add(["STT-5", "random writes and scans agree with a sorted list; no page is empty"], async (t) => {
    const store = await t.open();
    const random = seededRandom(7);
    const draw = (below: number): number => Math.floor(random.next() * below);
    const drawKey = (): Uint8Array => Uint8Array.from(range(draw(4)), () => [0, 1, 0x7f, 0xff][draw(4)] ?? 0);
    const model = new Map<string, StateEntry>();
    for (const step of range(600)) {
      const key = drawKey();
      const value = utf8(`${step}`);
      if (draw(4) === 0) {
        await store.delete("n", key);
        model.delete(hex(key));
      } else {
        await store.put("n", key, value);
        model.set(hex(key), { key, value });
      }
      if (step % 10 > 0) continue;
      const [from, to] = [drawKey(), drawKey()];
      const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
      const within = sorted.filter(([at]) => at >= hex(from) && at < hex(to)).map(([, kept]) => kept);
      assert.deepEqual(await all(store, "n", { from, to }), within, `step ${step}`);
    }
  });

  suite.add(["STT-5", "thousands of entries, small and large ones among each other, come in pages; a scan may be left"], async (t) => {
    const store = await t.open();
    const sizeOf = (i: number): number => (i % 1000 === 999 ? 300_000 : 20);
    for (const start of range(5)) {
      await store.batch(range(1000).map((i) => ({ namespace: "n", key: bytes(start, i >> 8, i), value: new Uint8Array(sizeOf(i)).fill(i) })));
    }
    let count = 0;
    let largest = 0;
    for await (const page of store.scan("n")) {
      assert.ok(page.length > 0, "a page has entries");
      count += page.length;
      largest = Math.max(largest, page.reduce((sum, { key, value }) => sum + key.length + value.length, 0));
    }
    assert.equal(count, 5000);
    assert.ok(largest <= 1_400_000, `a page of ${largest} bytes`);
    for await (const page of store.scan("n")) {
      assert.deepEqual(page[0]?.key, bytes(0, 0, 0));
      break;
    }
    await store.clear("n");
    assert.deepEqual(await all(store, "n"), []);
  });

  suite.add(["STT-5", "entries that stay are answered once while others come and go"], async (t) => {
    const store = await t.open();
    await store.batch(range(3000).map((i) => ({ namespace: "n", key: bytes(i >> 8, i), value: new Uint8Array(500) })));
    const seen: number[] = [];
    for await (const page of store.scan("n")) {
      for (const { key } of page) if (key.length === 2) seen.push((key[0] ?? 0) * 256 + (key[1] ?? 0));
      await store.batch(page.map(({ key }) => ({ namespace: "n", key })));
      await store.put("n", Uint8Array.of(...(page[0]?.key ?? []), 1), bytes());
    }
    assert.deepEqual(seen, range(3000));
  });
}

function addSnapshots<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["STT-6", "a snapshot ignores later writes, however late it is read"], async (t) => {
    const store = await t.open();
    await fill(store);
    const before = await contents(store);
    const last = store.put("a", bytes(200), bytes(1));
    const taking = store.snapshot();
    const after = [store.put("a", bytes(0), utf8("later")), store.delete("a", bytes(1)), store.put("c", bytes(1), bytes(1)), store.clear("b")];
    const snapshot = await taking;
    await Promise.all([last, ...after]);
    for (const _ of range(2)) {
      const found = await contentsOf(snapshot.read());
      assert.deepEqual(found.get("a"), [...(before.get("a") ?? []), brief(entry([200], [1]))]);
      assert.deepEqual(found.get("b"), before.get("b"));
      assert.deepEqual([...found.keys()], ["a", "b"]);
    }
    assert.deepEqual(snapshot.namespaces, ["a", "b"]);
    await snapshot.close();
    await snapshot.close();
  });

  suite.add(["STT-7", "restore equals the snapshot, in the same store and in a new one"], async (t) => {
    const store = await t.open();
    await fill(store);
    const before = await contents(store);
    const saved = await save(store);
    await store.put("a", bytes(0), utf8("changed"));
    await store.put("a", bytes(0, 0), utf8("new"));
    await store.clear("b");
    await store.restore(saved);
    assert.deepEqual(await contents(store), before);
    const copy = new MemoryStateStore();
    await copy.restore(saved);
    assert.deepEqual(await contents(copy), before, "another kind of store reads it");
    await copy.put("a", bytes(9, 9), bytes(9));
    await store.restore(await save(copy));
    assert.deepEqual(await contents(store), await contents(copy), "it reads another kind of store's");
  });

  suite.add(["STT-7", "restore leaves alone what the snapshot does not name, and empties what it names as empty"], async (t) => {
    const store = await t.open();
    await fill(store);
    const saved = await save(store, ["a", "empty"]);
    await store.put("empty", bytes(1), bytes(1));
    await store.put("b", bytes(99), bytes(1));
    await store.clear("a");
    await store.restore(saved);
    assert.deepEqual(await all(store, "empty"), []);
    assert.equal((await all(store, "a")).length, 100);
    assert.deepEqual(await store.get("b", bytes(99)), bytes(1));
  });
}

function addDamage<Storage>(suite: SuiteBuilder<Trial<Storage>>, harness: StateStoreHarness<Storage>): void {
  suite.add(["STT-8", "a damaged snapshot is refused, and changes nothing"], async (t) => {
    const store = await t.open();
    await fill(store);
    const whole = Buffer.concat(await save(store));
    await store.put("a", bytes(0), utf8("mine"));
    const before = await contents(store);
    const damaged: Uint8Array[] = [whole.subarray(0, 0), whole.subarray(0, whole.length - 1), whole.subarray(0, whole.length >> 1), Buffer.concat([whole, whole])];
    for (const i of range(20)) {
      const copy = Uint8Array.from(whole);
      const at = Math.floor((i * (whole.length - 1)) / 19);
      copy[at] = (copy[at] ?? 0) ^ (1 << (i % 8));
      damaged.push(copy);
    }
    for (const one of damaged) {
      await mustFail("SF_STATE_CORRUPT", () => store.restore([one]));
      assert.deepEqual(await contents(store), before);
    }
  });

  suite.add(["STT-8", "an input that fails is not restored in part"], async (t) => {
    const store = await t.open();
    await fill(store);
    const saved = await save(store);
    await store.clear("a");
    const before = await contents(store);
    const cause = new RangeError("the network is gone");
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield* saved.slice(0, -1);
      throw cause;
    };
    await assert.rejects(store.restore(failing()), (error) => error === cause);
    assert.deepEqual(await contents(store), before);
  });

  suite.add(
    ["STT-8", "a stored value that was changed is never answered"],
    async (t) => {
      const store = await t.open();
      await fill(store);
      await store.close();
      await harness.damage?.(t.storage, "a", bytes(50));
      const reopened = await t.open();
      const error = await mustFail("SF_STATE_CORRUPT", () => reopened.get("a", bytes(50)));
      assert.ok(error.message.includes('"a"'), `the namespace is named: ${error.message}`);
      await mustFail("SF_STATE_CORRUPT", () => reopened.getMany("a", [bytes(1), bytes(50)]));
      await mustFail("SF_STATE_CORRUPT", () => all(reopened, "a"));
      await mustFail("SF_STATE_CORRUPT", () => save(reopened));
      assert.ok((await reopened.get("a", bytes(51))) !== undefined);
      await reopened.put("a", bytes(50), bytes(1));
      assert.deepEqual(await reopened.get("a", bytes(50)), bytes(1));
    },
    { name: "damage", isMet: harness.damage !== undefined && harness.isDurable },
  );
}

function addNamespaces<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["STT-9", "namespaces do not leak into each other, whatever their names"], async (t) => {
    const store = await t.open();
    for (const [i, name] of hostileNames.entries()) await store.put(name, utf8("key"), utf8(`${i}`));
    for (const [i, name] of hostileNames.entries()) assert.deepEqual((await all(store, name)).map(({ value }) => textOf(value)), [`${i}`], JSON.stringify(name));
    assert.deepEqual(await store.namespaces(), [...hostileNames].sort());
    for (const name of hostileNames.slice(0, 5)) await store.clear(name);
    await store.delete(hostileNames[5] ?? "", utf8("key"));
    assert.deepEqual(await store.namespaces(), hostileNames.slice(6).sort());
    for (const name of hostileNames.slice(6)) assert.ok((await store.get(name, utf8("key"))) !== undefined, JSON.stringify(name));
    assert.deepEqual([...(await contentsOf((await store.snapshot()).read())).keys()], hostileNames.slice(6).sort());
  });
}

function addBatches<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["STT-10", "a batch takes effect in its order, across namespaces"], async (t) => {
    const store = await t.open();
    await store.put("a", bytes(3), bytes(3));
    const writes: readonly StateWrite[] = [
      { namespace: "a", key: bytes(1), value: bytes(1) },
      { namespace: "b", key: bytes(1), value: bytes(2) },
      { namespace: "a", key: bytes(1), value: bytes(4) },
      { namespace: "b", key: bytes(2), value: bytes(5) },
      { namespace: "b", key: bytes(2) },
      { namespace: "a", key: bytes(3) },
    ];
    await store.batch(writes);
    await store.batch([]);
    assert.deepEqual(await contents(store), new Map([["a", [brief(entry([1], [4]))]], ["b", [brief(entry([1], [2]))]]]));
  });

  suite.add(["STT-10", "no scan or snapshot sees a part of a batch"], async (t) => {
    const store = await t.open();
    for (const round of range(20)) {
      const writing = store.batch(range(30).map((i) => ({ namespace: "n", key: bytes(i), value: bytes(round) })));
      const scanned = all(store, "n");
      const snapshot = await store.snapshot();
      const held = (await contentsOf(snapshot.read())).get("n")?.map((entry) => entry.split("=")[1]);
      const seen = (await scanned).map(({ value }) => `${value[0]}`);
      await snapshot.close();
      await writing;
      for (const values of [held, seen]) assert.deepEqual([values?.length, new Set(values).size], [30, 1], `one batch alone, got ${values}`);
    }
  });
}

function addDurability<Storage>(suite: SuiteBuilder<Trial<Storage>>, harness: StateStoreHarness<Storage>): void {
  suite.add(["STT-11", "isDurable says whether what was flushed is there after a reopen"], async (t) => {
    const store = await t.open();
    assert.equal(store.isDurable, harness.isDurable);
    await fill(store);
    await store.flush();
    const before = await contents(store);
    assert.deepEqual(await contents(await t.open()), store.isDurable ? before : new Map());
  });

  suite.add(
    ["STT-11", "a crash loses nothing that was flushed, and no earlier write before a later one; batches are whole (STT-10)"],
    async (t) => {
      let store = await t.open();
      for (const seed of range(10)) {
        await store.clear("n");
        await store.batch(range(5).map((i) => ({ namespace: "n", key: bytes(i), value: bytes(seed) })));
        await store.flush();
        for (const step of range(20)) await store.batch([{ namespace: "n", key: bytes(100, step), value: bytes(seed) }, { namespace: "m", key: bytes(step), value: bytes(seed) }]);
        store = await t.crashAndOpen(seed);
        const found = await all(store, "n");
        assert.deepEqual(found.slice(0, 5), range(5).map((i) => entry([i], [seed])), `flushed, seed ${seed}`);
        const later = found.slice(5).map(({ key }) => key[1]);
        assert.deepEqual(later, range(later.length), `without gaps, seed ${seed}`);
        assert.deepEqual((await all(store, "m")).filter(({ value }) => value[0] === seed).map(({ key }) => key[0]), later, `whole batches, seed ${seed}`);
      }
    },
    { name: "crash", isMet: harness.crash !== undefined },
  );
}
