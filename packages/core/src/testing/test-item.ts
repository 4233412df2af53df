// What a test writes down for a test source to read.
import type { SourceCapabilities } from "../contracts/source.ts";
import type { ChangeKind, Position } from "../record.ts";
import type { Schema } from "../schema.ts";

/** From here on a partition is idle, until `TestSource.resume`. */
export const PAUSE: unique symbol = Symbol("PAUSE");
/** Here reading fails with a lost connection, once: reopened, the source reads on. */
export const ABORT: unique symbol = Symbol("ABORT");
/** Here a partition ends; opened again, the source reads on behind it. */
export const EOF: unique symbol = Symbol("EOF");

/** A record of a `TestSource`. */
export interface TestRecord {
  readonly value: unknown;
  readonly timestampMs?: number;
  readonly key?: unknown;
  readonly change?: ChangeKind;
  /** The source transaction is complete after this record. Where any record says so, batches carry `transactionEnds`. */
  readonly endsTransaction?: boolean;
}

/** An input that could not become a record. */
export interface TestReject {
  readonly reject: string;
  readonly raw?: Uint8Array;
}

/** What stands in a partition of a `TestSource`: a record, an input that is rejected, or a marker. */
export type TestItem = TestRecord | TestReject | typeof PAUSE | typeof ABORT | typeof EOF;

/** Options of `TestSource`. */
export interface TestSourceOptions {
  /** Records in a batch, at most; the engine's limits still hold. @defaultValue unlimited */
  readonly batchRecords?: number;
  /** What a record counts for in the memory budget. @defaultValue 64 */
  readonly recordBytes?: number;
  /** False: at the end of its items a partition is idle, and waits for `append`. @defaultValue true */
  readonly bounded?: boolean;
  readonly schema?: Schema;
  readonly capabilities?: Partial<SourceCapabilities>;
  /** Whether released batches are overwritten, so that whoever kept a reference notices. @defaultValue true */
  readonly poison?: boolean;
}

/** What a session reads and changes of its source. */
export interface TestSourceData {
  readonly options: TestSourceOptions;
  readonly isBounded: boolean;
  items(partition: string): readonly TestItem[];
  isUsed(partition: string, index: number): boolean;
  use(partition: string, index: number): void;
  deliver(count: number): void;
  committed(partition: string, position: Position): void;
  closed(): void;
}

/** Records with these values, stamped by `timestampMs` where it is given. */
export function testRecords<T>(values: readonly T[], timestampMs?: (value: T, index: number) => number): readonly TestRecord[] {
  return values.map((value, index) => (timestampMs === undefined ? { value } : { value, timestampMs: timestampMs(value, index) }));
}
