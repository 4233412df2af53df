// Everything impure that an engine may touch, as objects that are passed in. Production adapters live in ../node, virtual ones in ../testing.

/** Cancels a timer; harmless when it has already fired. */
export type CancelTimer = () => void;

/**
 * Time.
 * - CLK-1. `nowMs` is wall time in UTC epoch milliseconds: it may jump, in both directions.
 * - CLK-2. `monotonicMs` never goes back; its origin means nothing.
 * - CLK-3. A timer fires once, never before `delayMs` of monotonic time have passed, in order of due time (ties: in order of setting).
 * - CLK-4. A timer does not keep a process alive on its own account.
 * - CLK-5. `soon` runs once, after the I/O that is already due, without delay (on a manual clock: as a microtask).
 */
export interface Clock {
  nowMs(): number;
  monotonicMs(): number;
  setTimer(delayMs: number, run: () => void): CancelTimer;
  soon(run: () => void): void;
}

/** Randomness. RND-1: `next()` is uniform in [0, 1). RND-2: two objects made from one seed give the same numbers. */
export interface Random {
  next(): number;
}

/** What `Disk.stat` answers. */
export interface DiskStat {
  readonly kind: "file" | "folder";
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** An open file. Operations on one file are made one after another by its user. */
export interface DiskFile {
  /** Reads up to `length` bytes at `position` into `target` at `offset`; answers the count, 0 at the end. */
  read(target: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** As `read`, at once; answers undefined where that could keep the caller waiting, and has read nothing then (DSK-6). */
  readNow?(target: Uint8Array, offset: number, length: number, position: number): number | undefined;
  /** Writes all of `bytes` at `position` (default: at the end). */
  write(bytes: Uint8Array, position?: number): Promise<void>;
  /** Resolves when everything written before is durable. */
  sync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Files. Paths are absolute, or relative to the process's folder; separators are "/".
 * - DSK-1. Data is durable after `sync()` of its file; a new, renamed or removed name is durable after `syncFolder` of its folder.
 *   Before that a crash may keep all, some or nothing of it, in any order.
 * - DSK-2. `rename` within one folder replaces the target atomically for readers.
 * - DSK-3. `createExclusive` fails with SF_DISK_FAILED and `context.reason = "exists"` where the name exists.
 * - DSK-4. A missing file: `stat` answers undefined; everything else throws SF_DISK_FAILED with `context.reason = "missing"`.
 * - DSK-6. `readNow` reads what `read` would have read, or answers undefined. It may answer undefined at any time, but not for ever where it is asked in turn with `read`.
 * - DSK-5. A full disk is SF_DISK_FULL (retryable), no permission SF_DISK_READ_ONLY; every error names the path.
 */
export interface Disk {
  openRead(path: string): Promise<DiskFile>;
  /** Opens for reading and writing, created when missing. */
  openWrite(path: string): Promise<DiskFile>;
  createExclusive(path: string): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; a missing one is fine. */
  remove(path: string): Promise<void>;
  /** Removes a folder with everything in it; a missing one is fine. */
  removeFolder(path: string): Promise<void>;
  /** Names (not paths) in a folder, sorted by code unit; a missing folder is empty. */
  list(folder: string): Promise<readonly string[]>;
  /** Creates a folder and its parents; an existing one is fine. */
  makeFolder(path: string): Promise<void>;
  stat(path: string): Promise<DiskStat | undefined>;
  syncFolder(path: string): Promise<void>;
}

/**
 * A finding for people and programs. Fields never hold secrets on purpose.
 * - LGR-1. A call never throws and never waits, whatever message and fields hold (circles, getters that throw, functions), and whatever becomes of the place where lines go.
 * - LGR-2. Fields are not changed, and nothing that is done to the object after the call changes the line.
 * - LGR-3. Calls give lines in their order, one each: nothing inside a message or field can pass for a line of its own.
 * - LGR-4. A line holds its level, its message and every field by name, whatever the names; one that cannot be shown says so, and hides no other.
 * - LGR-5. A secret that the environment has handed out is in no line: not in the message, a field's name or value, an error or its causes. Values shorter than 4
 *   characters are left alone: they occur by chance.
 */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/**
 * Secret values by name.
 * - SEC-1. `get` answers the value as it is (an empty one too), and undefined for an unknown name, whatever the name.
 * - SEC-2. Nothing but the component that asked ever sees the value: showing, listing or copying the object tells none.
 */
export interface Secrets {
  get(name: string): string | undefined;
}

/** Switches of the process, by name: what may be shown to anybody. `get` answers undefined for an unknown name, whatever the name. */
export interface Settings {
  get(name: string): string | undefined;
}

/**
 * Memory in bytes, shared by all pipelines of a host.
 * - BUD-1. `tryTake` never lets the sum exceed `limitBytes`, except that a holder with nothing taken may always take one item (so that nothing starves).
 * - BUD-2. `give` returns exactly what was taken. BUD-3. `onFree` calls once, soon after bytes came back.
 */
export interface MemoryBudget {
  readonly limitBytes: number;
  readonly usedBytes: number;
  tryTake(bytes: number, held: number): boolean;
  give(bytes: number): void;
  onFree(run: () => void): void;
}

/** Named crash points of engine, stores and sinks; a no-op in production. */
export interface FaultPlan {
  /** Throws (or ends the process) when the plan says so. Awaited at every named point. */
  reach(point: string): void | Promise<void>;
}

/** What the owner of a thread hears of it. Neither is called during a call of the owner's. */
export interface ThreadEvents {
  message(message: unknown): void;
  /** The thread has ended without being told to: its program could not be loaded, threw, or used up its memory. Called once; nothing comes after it. */
  failed(error: unknown): void;
}

/** A thread, as its owner sees it. */
export interface Thread {
  /** Sends a message. One to a thread that has ended is dropped. */
  post(message: unknown): void;
  /** Ends the thread, whatever it is doing; resolves when nothing of it runs any more. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts threads.
 * - THR-1. `start` loads the module at `program` in a thread of its own, and calls its export `run`.
 * - THR-2. Messages arrive in the order in which they were sent, each once, never during the call that sends them.
 * - THR-3. A message arrives as a copy (structured clone); memory of a SharedArrayBuffer is the same on both sides.
 * - THR-4. A program that cannot be loaded or throws is told by `failed`, once, and harms nothing else.
 * - THR-5. After `close` nothing is heard of the thread any more. A thread that is never closed may keep the process alive.
 */
export interface Threads {
  start(program: URL, events: ThreadEvents): Thread;
}

/** The impure world of one pipeline, as one object. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly secrets: Secrets;
  readonly budget: MemoryBudget;
  /** @defaultValue none is set */
  readonly settings?: Settings;
  readonly faults?: FaultPlan;
  /** Threads to hand work to, where there are any: they see the same disk. */
  readonly threads?: Threads;
  /** Standard input, where the process has one to give: opened by whoever reads it, once. */
  readonly stdin?: () => AsyncIterable<Uint8Array>;
  /** Standard output, where the process has one to give. */
  readonly stdout?: OutputStream;
}

/** Where bytes go, in order: the part of a Node stream that is used. */
export interface OutputStream {
  /** Takes bytes, and calls back when they are written, or with the error. Answers false when it wants to be waited for. */
  write(bytes: Uint8Array, done: (error?: Error | null) => void): boolean;
}

/** Label names and values of a series. */
export type Labels = Readonly<Record<string, string>>;

/** A number that only grows. */
export interface Counter {
  add(amount?: number): void;
  readonly value: number;
}
/** A number that goes up and down. */
export interface Gauge {
  set(value: number): void;
  readonly value: number;
}
/** A distribution of non-negative numbers. */
export interface Histogram {
  record(value: number): void;
}

/**
 * Measurements.
 * - MET-1. The same name and labels give the same series. MET-2. Names are snake_case with a unit suffix (`_total`, `_ms`, `_bytes`).
 * - MET-3. Recording never throws and never waits.
 */
export interface Metrics {
  counter(name: string, help: string, labels?: Labels): Counter;
  gauge(name: string, help: string, labels?: Labels): Gauge;
  histogram(name: string, help: string, labels?: Labels): Histogram;
}
