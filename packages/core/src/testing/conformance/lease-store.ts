// The clauses LSE-1 to LSE-8 as checks.
import assert from "node:assert/strict";
import type { LeaseRequest, LeaseStore } from "../../contracts/stores.ts";
import { mustFail, SuiteBuilder, type ConformanceCase } from "./case.ts";
import { crashes, range, StoreTrial, type StoreHarness } from "./store-trial.ts";

/** What the suite needs of a lease store. */
export interface LeaseStoreHarness<Storage> extends StoreHarness<LeaseStore, Storage> {
  /** Moves the clock of the storage's stores, in milliseconds of wall time. */
  advance(storage: Storage, byMs: number): void;
  /** Its stores have `keepAlive`. @defaultValue false */
  readonly keepsAlive?: boolean;
}

type Trial<Storage> = StoreTrial<LeaseStore, Storage>;

/** Checks that a store keeps the promises of {@link LeaseStore}. Several owners share one store object, as several pipelines of a process do. */
export function leaseStoreConformance<Storage>(harness: LeaseStoreHarness<Storage>): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<Trial<Storage>>(() => StoreTrial.begin(harness));
  addAcquiring(suite, harness);
  addKeeping(suite, harness);
  addKeepingAll(suite, harness);

  suite.add(
    ["LSE-2", "a generation that was handed out is not handed out again after a power loss"],
    async (t) => {
      let store = await t.open();
      let last = 0;
      for (const seed of range(8)) {
        const [fence] = await store.acquire(request("a", ["k:0"]));
        assert.ok(fence !== undefined && fence.generation > last, `generation ${fence?.generation} after ${last}`);
        last = fence.generation;
        store = await t.crashAndOpen(seed);
        harness.advance(t.storage, 10_000);
      }
    },
    crashes(harness),
  );
  return suite.cases;
}

function addAcquiring<Storage>(suite: SuiteBuilder<Trial<Storage>>, harness: LeaseStoreHarness<Storage>): void {
  suite.add(["LSE-1", "acquire gives one fence per shard"], async (t) => {
    const store = await t.open();
    const fences = await store.acquire(request("a", ["k:0", "k:1", "p:s/0"]));
    assert.deepEqual(fences.map((fence) => fence.shard).sort(), ["k:0", "k:1", "p:s/0"]);
    assert.ok(fences.every((fence) => Number.isSafeInteger(fence.generation) && fence.generation > 0));
  });

  suite.add(["LSE-1", "where another owner holds one of the shards nothing is given, and the holder is named"], async (t) => {
    const store = await t.open();
    await store.acquire(request("owner-a", ["k:1"]));
    const error = await mustFail("SF_LEASE_HELD", () => store.acquire(request("owner-b", ["k:0", "k:1"])));
    assert.ok(error.message.includes("owner-a"), `the message names the holder: ${error.message}`);
    assert.equal(error.retryable, true);
    await store.acquire(request("owner-c", ["k:0"]));
  });

  suite.add(["LSE-1", "pipelines do not share shards"], async (t) => {
    const store = await t.open();
    await store.acquire(request("a", ["k:0"]));
    await store.acquire({ ...request("b", ["k:0"]), pipeline: "other/../p" });
  });

  suite.add(["LSE-2", "generations of a shard only grow: across releases, owners and reopens"], async (t) => {
    let last = 0;
    for (const owner of ["a", "b", "b", "c"]) {
      const store = await t.open();
      const [fence] = await store.acquire(request(owner, ["k:0"]));
      assert.ok(fence !== undefined && fence.generation > last, `generation ${fence?.generation} after ${last}`);
      last = fence.generation;
      await store.release(request(owner, ["k:0"]));
    }
  });

  suite.add(["LSE-8", "generations are above the one that is named, and grow from there"], async (t) => {
    let store = await t.open();
    await store.acquire(request("a", ["k:0"]));
    const fences = await store.acquire({ ...request("a", ["k:0", "k:1"]), above: 40 });
    assert.ok(fences.length === 2 && fences.every(({ generation }) => generation > 40), JSON.stringify(fences));
    await store.release(request("a", ["k:0", "k:1"]));
    store = await t.open();
    const [next] = await store.acquire({ ...request("b", ["k:0"]), above: 3 });
    assert.ok(next !== undefined && next.generation > fences[0]!.generation, `generation ${next?.generation}`);
  });

  suite.add(["LSE-2", "an owner that acquires again gets a new generation"], async (t) => {
    const store = await t.open();
    const [first] = await store.acquire(request("a", ["k:0"]));
    const [second] = await store.acquire(request("a", ["k:0"]));
    assert.ok((second?.generation ?? 0) > (first?.generation ?? 0));
  });

  suite.add(["LSE-5", "a lease holds until just before it expires, and no longer"], async (t) => {
    const store = await t.open();
    await store.acquire(request("a", ["k:0"], 1000));
    harness.advance(t.storage, 999);
    await mustFail("SF_LEASE_HELD", () => store.acquire(request("b", ["k:0"])));
    harness.advance(t.storage, 1);
    await store.acquire(request("b", ["k:0"]));
  });
}

function addKeeping<Storage>(suite: SuiteBuilder<Trial<Storage>>, harness: LeaseStoreHarness<Storage>): void {
  suite.add(["LSE-3", "renew extends a lease from now on"], async (t) => {
    const store = await t.open();
    await store.acquire(request("a", ["k:0"], 1000));
    harness.advance(t.storage, 600);
    assert.deepEqual(await store.renew(request("a", ["k:0"], 1000)), { lost: [] });
    harness.advance(t.storage, 999);
    await mustFail("SF_LEASE_HELD", () => store.acquire(request("b", ["k:0"])));
  });

  suite.add(["LSE-3", "renew answers what is another owner's now, or nobody's, as lost, and leaves it alone"], async (t) => {
    const store = await t.open();
    await store.acquire(request("a", ["k:0", "k:1"], 1000));
    harness.advance(t.storage, 1000);
    await store.acquire(request("b", ["k:0"], 1000));
    const { lost } = await store.renew(request("a", ["k:0", "k:7"], 60_000));
    assert.deepEqual([...lost].sort(), ["k:0", "k:7"]);
    harness.advance(t.storage, 1000);
    await store.acquire(request("c", ["k:0"]));
  });

  suite.add(["LSE-4", "release lets go at once"], async (t) => {
    const store = await t.open();
    await store.acquire(request("a", ["k:0", "k:1"]));
    await store.release(request("a", ["k:0"]));
    await store.acquire(request("b", ["k:0"]));
    await mustFail("SF_LEASE_HELD", () => store.acquire(request("b", ["k:1"])));
  });

  suite.add(["LSE-4", "release leaves a lease alone that is another owner's now"], async (t) => {
    const store = await t.open();
    await store.acquire(request("a", ["k:0"], 1000));
    harness.advance(t.storage, 1000);
    await store.acquire(request("b", ["k:0"]));
    await store.release(request("a", ["k:0"]));
    await mustFail("SF_LEASE_HELD", () => store.acquire(request("c", ["k:0"])));
  });

  suite.add(["LSE-6", "a lease whose owner died is taken over when it has run out"], async (t) => {
    const [before] = await (await t.open()).acquire(request("a", ["k:0"], 5000));
    // Another process: the first one has not released.
    const store = await t.open();
    harness.advance(t.storage, 5000);
    const [after] = await store.acquire(request("b", ["k:0"]));
    assert.ok((after?.generation ?? 0) > (before?.generation ?? 0));
    assert.deepEqual((await store.renew(request("a", ["k:0"]))).lost, ["k:0"]);
  });
}

function addKeepingAll<Storage>(suite: SuiteBuilder<Trial<Storage>>, harness: LeaseStoreHarness<Storage>): void {
  const keepsAlive = { name: "keepsAlive", isMet: harness.keepsAlive === true };

  suite.add(["LSE-7", "a store has keepAlive where it says so"], async (t) => {
    const store = await t.open();
    assert.equal(store.keepAlive !== undefined, harness.keepsAlive === true);
  });

  suite.add(
    ["LSE-7", "keepAlive extends all leases of an owner, and no other's; what is let go is free at once"],
    async (t) => {
      const store = await t.open();
      await store.acquire(request("a", ["k:0", "k:1"], 1000));
      await store.acquire({ ...request("a", ["k:0"], 1000), pipeline: "q" });
      await store.acquire(request("b", ["k:2"], 1000));
      for (const _ of range(3)) {
        harness.advance(t.storage, 600);
        assert.equal(await store.keepAlive?.({ owner: "a", ttlMs: 1000 }), true);
      }
      await store.release(request("a", ["k:1"]));
      await store.acquire(request("c", ["k:1", "k:2"]));
      harness.advance(t.storage, 999);
      await mustFail("SF_LEASE_HELD", () => store.acquire(request("c", ["k:0"])));
      await mustFail("SF_LEASE_HELD", () => store.acquire({ ...request("c", ["k:0"]), pipeline: "q" }));
      harness.advance(t.storage, 1);
      await store.acquire(request("c", ["k:0"]));
    },
    keepsAlive,
  );

  suite.add(
    ["LSE-7", "keepAlive answers false where leases may have run out, also when another was acquired since; what was taken over stays so"],
    async (t) => {
      const store = await t.open();
      await store.acquire(request("a", ["k:0", "k:1"], 1000));
      harness.advance(t.storage, 1000);
      await store.acquire(request("b", ["k:0"], 60_000));
      await store.acquire(request("a", ["k:2"], 1000));
      assert.equal(await store.keepAlive?.({ owner: "a", ttlMs: 1000 }), false);
      assert.deepEqual((await store.renew(request("a", ["k:0", "k:1"], 1000))).lost, ["k:0"]);
      assert.equal(await store.keepAlive?.({ owner: "a", ttlMs: 1000 }), true);
    },
    keepsAlive,
  );
}

function request(owner: string, shards: readonly string[], ttlMs = 10_000): LeaseRequest {
  return { pipeline: "p", owner, shards, ttlMs };
}
