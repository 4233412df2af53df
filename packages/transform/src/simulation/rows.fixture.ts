// The input of a simulated pipeline: rows made from a few numbers, so that a smaller input is a prefix of a larger one.
import { seededRandom } from "@streamflow/core/testing";

/** What sources give. Stages behind a window see other records, of which some of these fields are missing. */
export interface Row {
  readonly id: number;
  readonly k: unknown;
  /** The partition that it came from. */
  readonly g: string;
  readonly n: number | null;
  /** null: it has no event time, and is rejected where it needs one. */
  readonly at: number | null;
}

/** One source of a plan. */
export interface SourceSpec {
  readonly salt: number;
  /** Rows of each partition. */
  readonly counts: readonly number[];
  /** Event time goes forward by up to this much per row… */
  readonly strideMs: number;
  /** …and a row may be behind by up to this much; one in ten by ten times as much. */
  readonly behindMs: number;
  /** Every key is in one partition only. */
  readonly local: boolean;
}

/** Numbers and texts that look alike, what is no number, both zeros, what is absent. */
const keys: readonly unknown[] = ["a", "b", 1, "1", 0, -0, NaN, null, "", 2.5, "NaN", undefined];

/** The rows of one partition. */
export function rowsOf(spec: SourceSpec, source: number, partition: number): readonly Row[] {
  const random = seededRandom(spec.salt * 31 + source * 7 + partition);
  const own = keys.filter((_, at) => !spec.local || localPartition(at) === partition);
  const few = own.slice(0, 1 + random.integer(own.length));
  let nowMs = random.integer(40) - 20;
  return Array.from({ length: spec.counts[partition] ?? 0 }, (_, at): Row => {
    nowMs += random.integer(spec.strideMs + 1);
    const behindMs = random.integer(1 + spec.behindMs * (random.chance(0.1) ? 10 : 1));
    return {
      id: source * 100_000 + partition * 10_000 + at,
      k: few[random.integer(few.length)],
      g: `${source}/${partition}`,
      n: random.chance(0.1) ? null : random.integer(19) - 9,
      at: random.chance(0.04) ? null : nowMs - behindMs,
    };
  });
}

/** 0 and -0 are one key, and so are null and undefined: each pair stays together. */
function localPartition(at: number): number {
  const key = keys[at];
  return (key === null || key === undefined ? 0 : key === 0 ? 1 : at) % 3;
}

/** A value as text: unlike JSON it tells -0, NaN and undefined from what they look like. */
export function textOf(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{${Object.entries(value).map(([name, item]) => `${name}: ${textOf(item)}`).join(", ")}}`;
}
