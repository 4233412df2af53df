import { ManualClock, recordingLogger, seededRandom } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { Outage } from "./outage.ts";
import { WireGroup } from "./wire-group.ts";
import { brokerError, type Call, FakeWire, networkError } from "./wire.fixture.ts";

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** What a heartbeat says. */
function said({ args }: Call): { epoch: unknown; isFull: boolean; owned: readonly number[] | undefined } {
  const owned = args[9] as readonly { readonly partitions: readonly number[] }[] | null;
  return { epoch: args[2], isFull: args[5] !== -1 && args[6] !== null, owned: owned === null ? undefined : owned.flatMap(({ partitions }) => partitions) };
}

function assignment(...partitions: number[]): unknown {
  return { topicPartitions: partitions.length === 0 ? [] : [{ topicId: "id-t", partitions }] };
}

class Trial {
  readonly clock = new ManualClock();
  readonly logger = recordingLogger();
  readonly fake = new FakeWire({ t: 4 });
  readonly log: string[] = [];
  /** What `revoked` and `assigned` wait for. */
  revoking: Promise<void> = Promise.resolve();
  assigning: Promise<void> = Promise.resolve();
  readonly failures: unknown[] = [];
  readonly group: WireGroup;

  constructor() {
    const names = (partitions: readonly { readonly partition: number }[]): string => partitions.map(({ partition }) => partition).join(",");
    this.group = new WireGroup({
      wire: this.fake.wire, group: "g", selection: { topics: ["t"] }, rebalanceTimeoutMs: 60_000, joinTimeoutMs: 1_000, clock: this.clock, random: seededRandom(1),
      outage: new Outage({ clock: this.clock, logger: this.logger, what: "the group" }),
      listener: {
        assigned: async (partitions, generation) => {
          this.log.push(`+${names(partitions)}@${generation}`);
          await this.assigning;
        },
        revoked: async (partitions) => {
          this.log.push(`-${names(partitions)}`);
          await this.revoking;
          this.log.push(`gone ${names(partitions)}`);
        },
        lost: (partitions) => void this.log.push(`!${names(partitions)}`),
        failed: (error) => void this.failures.push(error),
      },
    });
  }

  async answer(memberEpoch: number, given?: unknown): Promise<ReturnType<typeof said>> {
    const call = await this.fake.next();
    call.answer({ memberEpoch, heartbeatIntervalMs: 5_000, assignment: given ?? null });
    await settled();
    return said(call);
  }

  /** Joined with these partitions, and the broker knows it. */
  async joined(...partitions: number[]): Promise<void> {
    const joining = this.group.join();
    await this.answer(1, assignment(...partitions));
    await joining;
    if (partitions.length > 0) {
      await this.clock.advanceAsync(0);
      expect((await this.answer(1)).owned).toEqual(partitions);
    }
    this.log.length = 0;
  }

  /** The next heartbeat, after its time. */
  async beat(memberEpoch: number, given?: unknown): Promise<ReturnType<typeof said>> {
    await this.clock.advanceAsync(5_000);
    return await this.answer(memberEpoch, given);
  }
}

it("is open when the first assignment was heard of, also where it is empty", async () => {
  const t = new Trial();
  const joining = t.group.join();
  expect(await t.answer(1)).toEqual({ epoch: 0, isFull: true, owned: [] });
  await joining;
  expect(t.log).toEqual(["+@1"]);
  expect(t.group.member()).toMatchObject({ epoch: 1 });
});

it("reports a partition as let go only after it was let go of, at once, and heartbeats go on meanwhile (G1, G2)", async () => {
  const t = new Trial();
  await t.joined(0, 1);
  const revoking = Promise.withResolvers<void>();
  t.revoking = revoking.promise;
  await t.beat(2, assignment(0));
  for (let i = 0; i < 3; i++) expect((await t.beat(2)).owned).toBeUndefined();
  expect(t.log).toEqual(["-1"]);
  revoking.resolve();
  await settled();
  // Not five seconds later.
  expect((await t.answer(2)).owned).toEqual([0]);
  expect(t.log).toEqual(["-1", "gone 1"]);
});

it("reports at once what is let go while a heartbeat is on its way", async () => {
  const t = new Trial();
  await t.joined(0, 1);
  const revoking = Promise.withResolvers<void>();
  t.revoking = revoking.promise;
  await t.beat(2, assignment(0));
  await t.clock.advanceAsync(5_000);
  const late = await t.fake.next();
  revoking.resolve();
  await settled();
  late.answer({ memberEpoch: 2, heartbeatIntervalMs: 5_000, assignment: null });
  await settled();
  await t.clock.advanceAsync(0);
  expect((await t.answer(2)).owned).toEqual([0]);
});

it("takes nothing of a target that a newer one has overtaken", async () => {
  const t = new Trial();
  await t.joined(0);
  const revoking = Promise.withResolvers<void>();
  t.revoking = revoking.promise;
  await t.beat(2, assignment(1));
  await t.beat(3, assignment(2));
  revoking.resolve();
  await settled();
  expect(t.log).toEqual(["-0", "gone 0", "+2@3"]);
});

it("a member that is fenced while it lets go takes nothing of the old target, and joins again (G3)", async () => {
  const t = new Trial();
  await t.joined(0, 1);
  const revoking = Promise.withResolvers<void>();
  t.revoking = revoking.promise;
  await t.beat(2, assignment(0, 2));
  await t.clock.advanceAsync(5_000);
  (await t.fake.next()).fail(brokerError("FENCED_MEMBER_EPOCH"));
  await settled();
  expect(t.log).toEqual(["-1", "!0,1"]);
  expect(t.group.member()).toBeUndefined();
  revoking.resolve();
  await settled();
  expect(t.log).toEqual(["-1", "!0,1", "gone 1"]);
  await t.clock.advanceAsync(250);
  expect(await t.answer(5, assignment(3))).toEqual({ epoch: 0, isFull: true, owned: [] });
  expect(t.log.at(-1)).toBe("+3@5");
});

it("a member that is fenced while it takes partitions does not have them", async () => {
  const t = new Trial();
  await t.joined(0);
  const assigning = Promise.withResolvers<void>();
  t.assigning = assigning.promise;
  await t.beat(2, assignment(0, 1));
  await t.clock.advanceAsync(0);
  expect((await t.answer(2)).owned).toEqual([0, 1]);
  await t.clock.advanceAsync(5_000);
  (await t.fake.next()).fail(brokerError("UNKNOWN_MEMBER_ID"));
  await settled();
  assigning.resolve();
  await t.clock.advanceAsync(250);
  expect((await t.answer(3, assignment())).owned).toEqual([]);
  expect(t.log).toEqual(["+1@2", "!0,1"]);
});

it("says everything again after a heartbeat without an answer: an assignment may have been in it (G4)", async () => {
  const t = new Trial();
  await t.joined(0);
  await t.clock.advanceAsync(5_000);
  (await t.fake.next()).fail(networkError());
  await settled();
  await t.clock.advanceAsync(250);
  expect(await t.answer(2, assignment(0, 1))).toEqual({ epoch: 1, isFull: true, owned: [0] });
  expect(t.log).toEqual(["+1@2"]);
});

it("says everything again where the names of an assignment could not be asked for", async () => {
  const t = new Trial();
  await t.joined(0);
  t.fake.topics.get("t")!.id = "id-other";
  t.fake.refreshError = networkError();
  await t.beat(2, assignment(0, 1));
  expect(t.log).toEqual([]);
  t.fake.topics.get("t")!.id = "id-t";
  t.fake.refreshError = undefined;
  await t.clock.advanceAsync(250);
  expect((await t.answer(2, assignment(0, 1))).isFull).toBe(true);
  expect(t.log).toEqual(["+1@2"]);
});

it("finds the coordinator anew when it has moved", async () => {
  const t = new Trial();
  await t.joined(0);
  const before = t.fake.coordinators;
  await t.clock.advanceAsync(5_000);
  (await t.fake.next()).fail(brokerError("NOT_COORDINATOR", true));
  await settled();
  await t.clock.advanceAsync(250);
  await t.answer(1);
  expect(t.fake.coordinators).toBe(before + 1);
  expect(t.failures).toEqual([]);
});

it("is told about once when it lasts, and once when it is over", async () => {
  const t = new Trial();
  await t.joined(0);
  await t.clock.advanceAsync(5_000);
  for (let i = 0; i < 20; i++) {
    (await t.fake.next()).fail(networkError());
    await settled();
    await t.clock.advanceAsync(250);
  }
  await t.answer(1);
  expect(t.logger.lines.map(({ level, message }) => `${level} ${message}`)).toEqual(["warn the group cannot be reached, and will be tried until they can", "info the group can be reached again"]);
  expect(t.log).toEqual([]);
});

it("fails where the group cannot be reached before it was joined", async () => {
  const t = new Trial();
  t.fake.coordinatorError = networkError();
  const joining = t.group.join();
  joining.catch(() => undefined);
  await t.clock.advanceAsync(2_000);
  await expect(joining).rejects.toMatchObject({ code: "PLT_KFK_NETWORK" });
  await t.group.leave();
  expect(t.clock.pendingTimers).toBe(0);
});

it.each(["GROUP_AUTHORIZATION_FAILED", "UNSUPPORTED_ASSIGNOR", "INVALID_REQUEST"])("fails for good by %s, before it was joined and later", async (name) => {
  const first = new Trial();
  const joining = first.group.join();
  (await first.fake.next()).fail(brokerError(name));
  await expect(joining).rejects.toMatchObject({ apiId: name });
  const t = new Trial();
  await t.joined(0);
  await t.clock.advanceAsync(5_000);
  (await t.fake.next()).fail(brokerError(name));
  await settled();
  expect(t.failures).toMatchObject([{ apiId: name }]);
  expect(t.clock.pendingTimers).toBe(0);
});

it("fails by a password that is refused later: without an end it would be asked again in silence", async () => {
  const t = new Trial();
  await t.joined(0);
  await t.clock.advanceAsync(5_000);
  (await t.fake.next()).fail(Object.assign(new Error("SASL authentication failed."), { code: "PLT_KFK_AUTHENTICATION" }));
  await settled();
  expect(t.failures).toHaveLength(1);
});

it("fails where a topic was made anew under its partitions (G5)", async () => {
  const t = new Trial();
  await t.joined(0);
  t.fake.topics.get("t")!.id = "id-new";
  await t.beat(2, { topicPartitions: [{ topicId: "id-new", partitions: [0] }] });
  expect(t.failures).toMatchObject([{ code: "SF_SOURCE_POSITION" }]);
});

it("leaves at once, and needs no answer for it", async () => {
  const t = new Trial();
  await t.joined(0);
  const leaving = t.group.leave();
  expect(said(await t.fake.next()).epoch).toBe(-1);
  await t.clock.advanceAsync(3_000);
  await leaving;
  await t.group.leave();
  expect(t.clock.pendingTimers).toBe(0);
  expect(t.fake.waiting).toBe(0);
});

it("leaves also while it joins, and `join` ends", async () => {
  const t = new Trial();
  const joining = t.group.join();
  const call = await t.fake.next();
  const leaving = t.group.leave();
  call.answer({ memberEpoch: 1, heartbeatIntervalMs: 5_000, assignment: null });
  expect(said(await t.fake.next()).epoch).toBe(-1);
  await t.clock.advanceAsync(3_000);
  await leaving;
  await joining;
});
