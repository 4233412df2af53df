// The clauses MDS-1 to MDS-4 as checks.
import assert from "node:assert/strict";
import type { MetadataStore } from "../../contracts/stores.ts";
import { SuiteBuilder, type ConformanceCase } from "./case.ts";
import { crashes, range, StoreTrial, type StoreHarness } from "./store-trial.ts";

/** A document with what careless stores lose. */
const sampleDocument = { text: "ä\u{1f4a7}\u0000\"", number: -0.5, big: 9_007_199_254_740_991, none: null, list: [1, [2]], nested: { yes: true }, empty: {} };

/** Checks that a store keeps the promises of {@link MetadataStore}. */
export function metadataStoreConformance<Storage>(harness: StoreHarness<MetadataStore, Storage>): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<StoreTrial<MetadataStore, Storage>>(() => StoreTrial.begin(harness));
  addVersions(suite);
  addCollections(suite);

  suite.add(
    ["MDS-2", "after a power loss a document is as one of the puts left it, the last one that resolved or a later one"],
    async (t) => {
      let store = await t.open();
      for (const seed of range(12)) {
        await store.put("c", "id", { seed, padding: "x".repeat(2000) });
        harness.failAfter?.(t.storage, seed);
        const hasNext = await store.put("c", "id", { seed: -1 - seed }).then(() => true, () => false);
        store = await t.crashAndOpen(seed);
        const found = (await store.get("c", "id"))?.document as { seed?: number } | undefined;
        assert.ok(found?.seed === -1 - seed || (!hasNext && found?.seed === seed), `after the power loss ${seed}: ${JSON.stringify(found)?.slice(0, 60)}`);
      }
    },
    crashes(harness),
  );
  return suite.cases;
}

function addVersions<Storage>(suite: SuiteBuilder<StoreTrial<MetadataStore, Storage>>): void {
  suite.add(["MDS-1", "put without an expected version always takes effect, and versions grow"], async (t) => {
    const store = await t.open();
    const first = await store.put("c", "id", { n: 1 });
    const second = await store.put("c", "id", { n: 2 });
    assert.ok(first !== undefined && second !== undefined && second > first);
    assert.deepEqual(await store.get("c", "id"), { id: "id", version: second, document: { n: 2 } });
  });

  suite.add(["MDS-1", "put with an expected version takes effect only on that version; 0 means absent"], async (t) => {
    let store = await t.open();
    const first = await store.put("c", "id", { n: 1 }, 0);
    assert.ok(first !== undefined && first > 0);
    assert.equal(await store.put("c", "id", { n: 9 }, 0), undefined);
    assert.equal(await store.put("c", "id", { n: 9 }, first + 1), undefined);
    assert.equal(await store.put("c", "other", { n: 9 }, 1), undefined);
    assert.deepEqual((await store.get("c", "id"))?.document, { n: 1 });
    assert.equal(await store.get("c", "other"), undefined);
    store = await t.open();
    const second = await store.put("c", "id", { n: 2 }, first);
    assert.ok(second !== undefined && second > first);
  });

  suite.add(["MDS-1", "of several puts on one version exactly one wins"], async (t) => {
    const store = await t.open();
    const answers = await Promise.all(range(10).map((n) => store.put("c", "id", { n }, 0)));
    assert.equal(answers.filter((answer) => answer !== undefined).length, 1);
    assert.deepEqual((await store.get("c", "id"))?.document, { n: answers.findIndex((answer) => answer !== undefined) });
  });

  suite.add(["MDS-1", "a deleted document is absent; deleting an absent one is fine"], async (t) => {
    const store = await t.open();
    await store.put("c", "id", {});
    await store.delete("c", "id");
    await store.delete("c", "id");
    assert.equal(await store.get("c", "id"), undefined);
    assert.deepEqual(await store.list("c"), []);
    assert.notEqual(await store.put("c", "id", {}, 0), undefined);
  });
}

function addCollections<Storage>(suite: SuiteBuilder<StoreTrial<MetadataStore, Storage>>): void {
  suite.add(["MDS-2", "a document comes back as it was, in another process, and is not shared with its caller"], async (t) => {
    const given = structuredClone(sampleDocument);
    await (await t.open()).put("c", "id", given);
    given.list.push(99);
    const store = await t.open();
    const found = await store.get("c", "id");
    assert.ok(found !== undefined, "a document that was put is there");
    assert.deepEqual(found.document, sampleDocument);
    (found.document as { list: unknown[] }).list.push(98);
    assert.deepEqual((await store.get("c", "id"))?.document, sampleDocument);
  });

  suite.add(["MDS-3", "list is sorted by id, by code unit"], async (t) => {
    const store = await t.open();
    const ids = ["b", "a", "B", "a/b", "10", "9", "ä", "\u{1f4a7}", "\uffee", "..", "a b"];
    for (const id of ids) await store.put("c", id, { id });
    const found = await store.list("c");
    assert.deepEqual(found.map((record) => record.id), [...ids].sort());
    assert.ok(found.every((record) => record.version > 0 && (record.document as { id: string }).id === record.id));
  });

  suite.add(["MDS-4", "collections do not leak into each other, whatever they are called"], async (t) => {
    const store = await t.open();
    const names = ["a", "A", "a/b", "..", "ä", "a\u0308", "%61"];
    for (const name of names) await store.put(name, "id", { name });
    for (const name of names) assert.deepEqual((await store.list(name)).map((record) => record.document), [{ name }]);
    await store.delete("a", "id");
    assert.deepEqual((await store.get("A", "id"))?.document, { name: "A" });
    assert.deepEqual(await store.list("never"), []);
  });
}
