// The clauses HST-1 and HST-2 as checks.
import assert from "node:assert/strict";
import type { Host, HostStores } from "../../host.ts";
import { SuiteBuilder, type ConformanceCase } from "./case.ts";
import { sameBytes, sampleBytes } from "./store-trial.ts";

/** What the suite needs. */
export interface HostHarness {
  /** Makes a host, as a new process does. */
  create(): Host | Promise<Host>;
  /** Answers the path of a data folder that does not exist, in a folder that does not exist. */
  folder(): string | Promise<string>;
  /** Removes what was made. */
  dispose?(): void | Promise<void>;
}

interface Trial {
  readonly folder: string;
  /** Opens the folder by a host of its own; what was open before is closed. */
  open(): Promise<HostStores>;
  end(): Promise<void>;
}

/** Checks that hosts keep the promises of {@link Host}. */
export function hostConformance(harness: HostHarness): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<Trial>(() => begin(harness));

  suite.add(["HST-1", "opens a data folder that is missing, and every store of it works"], async (t) => {
    await use(await t.open());
  });

  suite.add(["HST-1", "what the stores hold is there when the folder is opened again, by another host"], async (t) => {
    const stores = await t.open();
    await use(stores);
    const segment = await stores.checkpoints.writeSegment("p", sampleBytes(100));
    await stores.checkpoints.publish("p", { epoch: 1, createdMs: 1, plan: {}, manifests: [{ formatVersion: 1, shard: "k:0", epoch: 1, generation: 1, positions: {}, progress: {}, state: [] }], prepared: { sink: segment } });
    const again = await t.open();
    assert.deepEqual((await again.metadata.get("runs", "r"))?.document, { state: "running" });
    assert.deepEqual((await again.logs.read("log", 0, 9)).map(({ payload }) => [...payload]), [[1, 2, 3]]);
    assert.deepEqual((await again.checkpoints.list("p")).map(({ epoch }) => epoch), [1]);
    sameBytes(await again.checkpoints.readSegment("p", segment), sampleBytes(100), "a segment");
    await again.leases.release({ pipeline: "p", shards: ["k:0"], owner: "o" });
    const [fence] = await again.leases.acquire({ pipeline: "p", shards: ["k:0"], owner: "other", ttlMs: 1000 });
    assert.ok(fence !== undefined && fence.generation > 1, "generations go on");
  });

  suite.add(["HST-1", "two data folders have nothing in common"], async (t) => {
    await use(await t.open());
    const other = await (await harness.create()).openStores(await harness.folder());
    try {
      assert.equal(await other.metadata.get("runs", "r"), undefined);
      assert.deepEqual([await other.logs.names(), await other.checkpoints.pipelines()], [[], []]);
    } finally {
      await closeStores(other);
    }
  });

  suite.add(["HST-2", "making a host opens nothing and writes nothing"], async (t) => {
    const { environment } = await harness.create();
    assert.equal(await environment.disk.stat(t.folder), undefined);
    assert.equal(environment.budget.usedBytes, 0);
  });

  suite.add(["HST-2", "the registry knows sources, sinks and functions; the environment is whole"], async () => {
    const { registry, environment } = await harness.create();
    for (const kind of ["source", "sink"] as const) assert.ok(registry.components(kind).length > 0, `a ${kind}`);
    assert.ok(registry.functions.names().length > 0, "a function");
    assert.ok(environment.budget.limitBytes > 0, "memory for records");
    assert.ok(environment.clock.nowMs() > 1.5e12, "a clock");
    const drawn = environment.random.next();
    assert.ok(drawn >= 0 && drawn < 1, "randomness");
    environment.metrics.counter("conformance_total", "Cases.").add();
    assert.equal(environment.secrets.get("STREAMFLOW_CONFORMANCE_NONE"), undefined);
    environment.logger.debug("conformance");
  });
  return suite.cases;
}

async function begin(harness: HostHarness): Promise<Trial> {
  const folder = await harness.folder();
  let opened: HostStores | undefined;
  const close = async (): Promise<void> => {
    if (opened !== undefined) await closeStores(opened);
    opened = undefined;
  };
  return {
    folder,
    open: async () => {
      await close();
      opened = await (await harness.create()).openStores(folder);
      return opened;
    },
    end: async () => {
      await close();
      await harness.dispose?.();
    },
  };
}

/** One write to each store. */
async function use({ metadata, logs, leases, checkpoints }: HostStores): Promise<void> {
  assert.equal(await metadata.put("runs", "r", { state: "running" }, 0), 1);
  await logs.append("log", [Uint8Array.of(1, 2, 3)]);
  const fences = await leases.acquire({ pipeline: "p", shards: ["k:0"], owner: "o", ttlMs: 60_000 });
  assert.deepEqual(fences, [{ shard: "k:0", generation: 1 }]);
  await checkpoints.fence("p", fences);
  assert.deepEqual(await checkpoints.list("p"), []);
}

async function closeStores(stores: HostStores): Promise<void> {
  for (const store of [stores.metadata, stores.logs, stores.leases, stores.checkpoints]) await store.close();
}
