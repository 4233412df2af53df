import { StreamFlowError, type SinkCommit } from "@streamflow/core";
import { registerConformance, sinkConformance } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { storeFirstSession } from "./exactly-once.ts";
import { jsonBody, parseBody } from "./prepared-bytes.ts";
import { sinkBatch } from "./sink-batch.ts";

/** A store-first target in memory, as small as a contributor's sink may be. */
class Shelf {
  readonly visible: number[] = [];
  readonly published = new Set<string>();
  readonly log: string[] = [];
  publishDelay: Promise<void> | undefined;

  session() {
    let staged: number[] = [];
    return storeFirstSession({
      name: "shelf",
      stage: (batch) => void staged.push(...(batch.values as readonly number[])),
      seal: async ({ epoch }) => {
        if (staged.length === 0) return undefined;
        const sealed = jsonBody({ id: `${epoch}`, values: staged });
        staged = [];
        return sealed;
      },
      publish: async (sealed) => {
        const { id, values } = parseBody(sealed) as { id: string; values: number[] };
        this.log.push(`begin ${id}`);
        await this.publishDelay;
        this.log.push(`end ${id}`);
        if (this.published.has(id)) return;
        this.published.add(id);
        this.visible.push(...values);
      },
      retract: async () => undefined,
      reset: async () => void (staged = []),
    });
  }
}

describe("conformance of a store-first session", () => {
  registerConformance(it, sinkConformance<Shelf>({
    capabilities: { delivery: "transactional", commitOrder: "store-first" },
    create: () => new Shelf(),
    sink: (target) => ({ type: "shelf", capabilities: { delivery: "transactional", commitOrder: "store-first" }, config: {}, open: async () => target.session() }),
    value: (n) => n,
    visible: (target) => target.visible,
  }));
});

function commit(epoch: number): SinkCommit {
  return { epoch, shards: [{ shard: "k:0", generation: 1, epoch, positions: {} }] };
}

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return StreamFlowError.is(error) ? error.code : String(error);
  }
  return "no failure";
}

it("X5: publishes run one after another, also when they are called together", async () => {
  const shelf = new Shelf();
  const session = shelf.session();
  await session.write(sinkBatch([1]));
  const first = await session.prepare?.(commit(1));
  await session.write(sinkBatch([2]));
  const second = await session.prepare?.(commit(2));
  let go = (): void => undefined;
  shelf.publishDelay = new Promise((resolve) => (go = resolve));
  const both = Promise.all([session.commitPrepared?.(first ?? new Uint8Array()), session.commitPrepared?.(second ?? new Uint8Array())]);
  go();
  await both;
  expect(shelf.log).toEqual(["begin 1", "end 1", "begin 2", "end 2"]);
});

it("X2: damaged and unknown bytes are refused before anything is done with them", async () => {
  const shelf = new Shelf();
  const session = shelf.session();
  await session.write(sinkBatch([1, 2, 3]));
  const prepared = (await session.prepare?.(commit(1))) ?? new Uint8Array();
  for (let at = 1; at < prepared.length; at++) {
    const damaged = prepared.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    expect(await codeOf(() => session.commitPrepared?.(damaged))).toBe("SF_STATE_CORRUPT");
  }
  expect(await codeOf(() => session.commitPrepared?.(prepared.subarray(0, 3)))).toBe("SF_STATE_CORRUPT");
  const newer = prepared.slice();
  newer[0] = 2;
  expect(await codeOf(() => session.abortPrepared?.(newer))).toBe("SF_STATE_INCOMPATIBLE");
  expect(shelf.visible).toEqual([]);
});

it("a seal that fails leaves everything staged, and the epoch may be prepared again", async () => {
  let failures = 1;
  const staged: unknown[] = [];
  const session = storeFirstSession({
    name: "flaky",
    stage: (batch) => void staged.push(...batch.values),
    seal: async () => {
      if (failures-- > 0) throw new StreamFlowError("SF_DISK_FULL", "full");
      return jsonBody(staged.splice(0));
    },
    publish: async () => undefined,
    retract: async () => undefined,
    reset: async () => undefined,
  });
  await session.write(sinkBatch([1]));
  expect(await codeOf(() => session.prepare?.(commit(1)))).toBe("SF_DISK_FULL");
  expect((await session.prepare?.(commit(1)))?.length).toBeGreaterThan(0);
});

it("SNK-7: a closed session does nothing any more", async () => {
  const session = new Shelf().session();
  await session.close();
  expect(await codeOf(() => session.write(sinkBatch([1])))).toBe("SF_LIFECYCLE_ILLEGAL");
  expect(await codeOf(() => session.prepare?.(commit(1)))).toBe("SF_LIFECYCLE_ILLEGAL");
  expect(await codeOf(() => session.discard?.())).toBe("SF_LIFECYCLE_ILLEGAL");
});
