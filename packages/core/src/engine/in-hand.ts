// What the records that now go through the operators were made from: a batch, its partition, and where one record became several, which of them.
import type { Batch } from "../record.ts";
import type { RejectPort } from "./reject-port.ts";
import type { SinkPort } from "./sink-port.ts";
import type { PartitionTask } from "./task.ts";

/** A batch, for as long as anything needs it: while it is in work, and while asynchronous stages have records of it. */
export class Origin {
  readonly task: PartitionTask;
  readonly batch: Batch;
  readonly #over: () => void;
  /** It left the work in hand with records on their way. */
  wasKept = false;
  #users = 1;

  /** @param over called once, when nobody needs the batch any more */
  constructor(task: PartitionTask, batch: Batch, over: () => void) {
    this.task = task;
    this.batch = batch;
    this.#over = over;
  }

  /** Records of it are on their way. */
  get isKept(): boolean {
    return this.#users > 1;
  }

  keep(): void {
    this.#users++;
  }

  leave(): void {
    this.wasKept ||= this.isKept;
    if (--this.#users === 0) this.#over();
  }
}

/** Tells sinks and dead letters whose records come now: their identities and places are those of the input. */
export class InHand {
  origin: Origin | undefined;
  item = "";
  readonly #ports: readonly SinkPort[];
  readonly #rejects: RejectPort;

  constructor(ports: readonly SinkPort[], rejects: RejectPort) {
    this.#ports = ports;
    this.#rejects = rejects;
  }

  /** Records of a batch come now; without one, those of timers. */
  take(origin?: Origin, item: string = ""): void {
    this.origin = origin;
    this.item = item;
    this.#rejects.enter(origin?.task, origin?.batch, item);
    for (const port of this.#ports) port.enter(origin?.batch, origin?.task.shard, item);
  }
}
