// What the stages of simulated plans do to records: plain functions, which the naive model uses too.
import { StreamFlowError } from "@streamflow/core";
import type { StepSpec } from "./plan-spec.fixture.ts";
import type { Row } from "./rows.fixture.ts";

/** Any record of a plan: a row, or the result of a window or a join. */
export type Loose = Readonly<Record<string, unknown>>;

/** The number by which stages choose: of the row, or of the rows in it. */
export function idOf(record: unknown): number {
  const { id, left, right } = record as Loose;
  if (typeof id === "number") return Math.floor(id);
  const inner = left ?? right;
  return inner === undefined || inner === null ? 0 : idOf(inner);
}

/** What a step makes of a record. @throws for records that it rejects */
export function applyStep({ kind, by }: StepSpec, record: unknown): readonly unknown[] {
  const row = record as Loose;
  switch (kind) {
    case "map": return [mapped(row, by)];
    case "throwingMap": return [throwing(row, by)];
    case "filter": return idOf(row) % by !== 0 ? [row] : [];
    case "expressionFilter": return typeof row["n"] === "number" && row["n"] < by ? [row] : [];
    case "flatMap": return spread(row, by);
    case "project":
    case "expressionProject": return [Object.fromEntries(fieldNames.map((name) => [name, row[name] ?? null]))];
  }
}

export function mapped(row: Loose, by: number): Loose {
  return { ...row, n: typeof row["n"] === "number" ? row["n"] * by : null };
}

export function throwing(row: Loose, by: number): Loose {
  if (idOf(row) % (by + 4) === 0) throw new StreamFlowError("EXT_SIMULATION", `${idOf(row)} is refused`);
  return row;
}

export function spread(row: Loose, by: number): readonly Loose[] {
  const rest = idOf(row) % (by + 1);
  return rest === 0 ? [] : rest === 1 ? [row, { ...row, n: -1 }] : [row];
}

/** What `project` keeps. */
export const fieldNames = ["id", "k", "g", "n", "at"] as const;

/** Order matters to it: what was read in another order has another `n`. */
export function folded(soFar: unknown, record: unknown): Loose {
  const [a, b] = [soFar as Row, record as Row];
  return { ...b, n: ((a.n ?? 7) * 31 + (b.n ?? 3) + idOf(b)) % 1_000_003 };
}

/** A key that is a computation. Where keys are local to partitions, it is too: `g` is the partition. */
export function computedKey(record: unknown, isLocal: boolean): unknown {
  const { g, k } = record as Loose;
  return isLocal ? `${String(g)} ${String(k).length % 2}` : idOf(record) % 3;
}
