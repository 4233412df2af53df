// Input that is read again although sinks already have its output (docs/adr/0001, Recovery 4).
//   Y1. What a sink has committed beyond what was restored is withheld from it, and nothing else is.
//   Y2. Partitions stop where a sink's commit ends, all together: only then does that sink get output again, and go they on.
//   Y3. No checkpoint falls between: a sink would be told positions before those it has.
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { Logger } from "../contracts/environment.ts";
import { commitsOf, type ReplayStop, replayStops, type SinksAhead } from "./recovery.ts";
import type { Slot } from "./scheduler.ts";
import type { SinkPort } from "./sink-port.ts";
import { sharedShard } from "./wiring.ts";

/** The replay of one executor's partitions; most of the time there is none. */
export class Replay {
  readonly #ports: readonly SinkPort[];
  readonly #logger: Logger;
  /** Where all partitions of a group have to stop. */
  #groupEpochs: readonly number[] = [];
  readonly #stops = new Map<Slot, readonly ReplayStop[]>();
  /** Up to which epoch the output of a shard is withheld from a sink. */
  readonly #until = new Map<SinkPort, Map<ShardId, number>>();

  constructor(ports: readonly SinkPort[], logger: Logger) {
    this.#ports = ports;
    this.#logger = logger;
  }

  /** A group was restored, and some sinks may be ahead of it; `shard` is any of its key groups. */
  addGroup(ahead: SinksAhead, shard: ShardId): void {
    this.#groupEpochs = [...commitsOf(ahead, shard).keys()];
    this.#withhold(ahead, shard, sharedShard);
  }

  /** A partition was restored, and some sinks may be ahead of it. */
  add(slot: Slot, ahead: SinksAhead): void {
    const { task } = slot;
    const { shard, position } = task;
    const stops = replayStops(ahead, { shard, name: task.parts.partition, start: position, groupEpochs: this.#groupEpochs });
    if (stops.length === 0) return;
    this.#stops.set(slot, stops);
    this.#withhold(ahead, shard, shard);
    this.park(slot);
  }

  /** The partition is not ours any more. */
  drop(slot: Slot): void {
    this.#stops.delete(slot);
    for (const port of this.#ports) this.#give(port, slot.task.shard);
  }

  /** Where a partition has to stop next. */
  stopOf(slot: Slot): ReplayStop | undefined {
    return this.#stops.get(slot)?.[0];
  }

  /** Parks a partition that has reached its stop. */
  park(slot: Slot): void {
    const stop = this.stopOf(slot);
    if (stop !== undefined && slot.task.position === stop.until && (slot.task.ended || !stop.ended)) slot.isParked = true;
  }

  /** Some partition has not reached its last stop: no checkpoint may be taken. */
  get isRunning(): boolean {
    for (const [slot, stops] of this.#stops) if (!slot.isParked || stops.length > 1) return true;
    return false;
  }

  /** Every partition in replay waits at a stop. */
  get isAtStop(): boolean {
    for (const slot of this.#stops.keys()) if (!slot.isParked) return false;
    return this.#stops.size > 0;
  }

  /** Lets the partitions go on to their next stop. False: all are at their last, where a checkpoint ends the replay. */
  goOn(): boolean {
    let passed = 0;
    for (const [slot, [stop, ...further]] of this.#stops) {
      if (stop === undefined || further.length === 0) continue;
      passed = stop.epoch;
      this.#stops.set(slot, further);
      for (const port of this.#ports) this.#giveAt(port, slot.task.shard, passed);
      slot.isParked = false;
      this.park(slot);
    }
    if (passed > 0) for (const port of this.#ports) this.#giveAt(port, sharedShard, passed);
    return passed > 0;
  }

  /** The checkpoint at the last stop is there: every sink gets output again. */
  end(): void {
    for (const slot of this.#stops.keys()) slot.isParked = false;
    this.#stops.clear();
    this.#until.clear();
    this.#groupEpochs = [];
    for (const port of this.#ports) port.withheld.clear();
  }

  /** Output that comes out of `outputShard` is not given to the sinks that are ahead with `shard`. */
  #withhold(ahead: SinksAhead, shard: ShardId, outputShard: ShardId): void {
    for (const port of this.#ports) {
      const epoch = ahead.get(port.node)?.get(shard)?.epoch;
      if (epoch === undefined) continue;
      port.withheld.add(outputShard);
      const until = this.#until.get(port) ?? new Map<ShardId, number>();
      this.#until.set(port, until.set(outputShard, epoch));
      this.#logger.info(`sink "${port.node}" already has the output of ${outputShard} up to epoch ${epoch}: its input is read again, and what comes of it withheld`, { sink: port.node, shard: outputShard, epoch });
    }
  }

  #giveAt(port: SinkPort, shard: ShardId, epoch: number): void {
    const until = this.#until.get(port)?.get(shard);
    if (until !== undefined && until <= epoch) this.#give(port, shard);
  }

  #give(port: SinkPort, shard: ShardId): void {
    port.withheld.delete(shard);
    this.#until.get(port)?.delete(shard);
  }
}
