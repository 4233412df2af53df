// All tables of one operator instance: declared once, snapshotted and restored by key group.
import type { NumberTableOptions } from "../contracts/number-table.ts";
import type { OperatorState, Serializer } from "../contracts/operator.ts";
import { StreamFlowError } from "../errors.ts";
import { MemoryTable, type KeyRules } from "./keyed-table.ts";
import { MemoryNumberTable } from "./number-table.ts";
import { StateWriter } from "./state-codec.ts";
import { type IsStored, type KnownPart, type TablePart, wholePart, written } from "./table-part.ts";

/** What is said of one table of one key group. */
interface TableName {
  readonly state: string;
  readonly serializer: string;
  readonly version: number;
}

/** The bytes of one table for one key group. */
export interface TableSnapshot extends TableName {
  readonly group: number;
  readonly bytes: Uint8Array;
}

/** A part of one table of one key group as it was at a barrier: its bytes are made later, or are stored already. */
export type TableCopy = TableName & (TablePart | KnownPart);

/** The state of an operator instance. */
export class TableSet implements OperatorState {
  readonly #node: string;
  readonly #rules: KeyRules;
  readonly #tables = new Map<string, MemoryTable<unknown> | MemoryNumberTable>();

  constructor(node: string, rules: KeyRules) {
    this.#node = node;
    this.#rules = rules;
  }

  table<V>(name: string, serializer: Serializer<V>): MemoryTable<V> {
    const table = new MemoryTable(name, serializer, this.#rules);
    this.#add(table as unknown as MemoryTable<unknown>);
    return table;
  }

  numbers(name: string, options: NumberTableOptions): MemoryNumberTable {
    const table = new MemoryNumberTable(name, options, this.#rules);
    this.#add(table);
    return table;
  }

  #add(table: MemoryTable<unknown> | MemoryNumberTable): void {
    if (this.#tables.has(table.name)) throw new StreamFlowError("SF_INTERNAL", `state "${table.name}" of node "${this.#node}" is declared twice`);
    this.#tables.set(table.name, table);
  }

  get isEmpty(): boolean {
    return this.#tables.size === 0;
  }

  /** Entries in all tables. */
  get size(): number {
    let size = 0;
    for (const table of this.#tables.values()) if (!isDerived(table)) size += table.size;
    return size;
  }

  /** All that is stored, as it is now; where `isStored` knows the content of a part, only that. */
  copy(isStored?: IsStored): readonly TableCopy[] {
    const stored = [...this.#tables.values()].filter((table) => !isDerived(table));
    return stored.flatMap((table) => {
      const name: TableName = { state: table.name, serializer: table.serializer.name, version: table.serializer.version };
      return this.#parts(table, isStored).map((part): TableCopy => ({ ...name, ...part }));
    });
  }

  snapshot(): readonly TableSnapshot[] {
    return this.copy().flatMap((part) => {
      const { group, state, serializer, version } = part;
      return "write" in part ? [{ group, state, serializer, version, bytes: written(part.write()) }] : [];
    });
  }

  #parts(table: MemoryTable<unknown> | MemoryNumberTable, isStored: IsStored | undefined): readonly (TablePart | KnownPart)[] {
    if (table instanceof MemoryNumberTable) return table.parts(isStored);
    const parts: TablePart[] = [];
    for (let group = 0; group < this.#rules.groups; group++) {
      const out = new StateWriter();
      if (table.snapshot(group, out)) parts.push(wholePart(group, out.finish()));
    }
    return parts;
  }

  /** @throws {@link StreamFlowError} SF_STATE_INCOMPATIBLE when the table is gone or its serializer is another one. */
  restore(snapshot: TableSnapshot): void {
    const table = this.#tables.get(snapshot.state);
    const where = `state "${snapshot.state}" of node "${this.#node}"`;
    if (table === undefined) throw new StreamFlowError("SF_STATE_INCOMPATIBLE", `${where} is in the checkpoint, but the operator has no such state`);
    const { name, version } = table.serializer;
    if (name !== snapshot.serializer || snapshot.version > version) {
      throw new StreamFlowError("SF_STATE_INCOMPATIBLE", `${where} was written by serializer ${snapshot.serializer} v${snapshot.version}; this one is ${name} v${version}`);
    }
    table.restore(snapshot.group, snapshot.bytes, snapshot.version);
  }
}

function isDerived(table: MemoryTable<unknown> | MemoryNumberTable): boolean {
  return table instanceof MemoryNumberTable && table.isDerived;
}
