// The names in a file sink's folder. Readers see parts and logs; what begins with a dot is unfinished and nobody's business.
import type { Random } from "@streamflow/core";

/** A committed part: `part-0000000012-1a2b3c4d-0.ndjson`. Names sort by epoch. */
export function partName(part: { readonly epoch: number; readonly writer: string; readonly index: number; readonly extension: string }): string {
  return `part-${digits(part.epoch)}-${part.writer}-${part.index}.${part.extension}`;
}

/** A part that is sealed and not committed. */
export function sealedName(part: string): string {
  return `.${part}`;
}

/** A part that is being written. */
export function openName(writer: string, index: number): string {
  return `.open-${writer}-${index}`;
}

/** The record of who sealed an epoch. */
export function sealName(epoch: number, writer: string): string {
  return `.seal-${digits(epoch)}-${writer}.json`;
}

/** A writer's commit log. */
export function logName(writer: string): string {
  return `_commits-${writer}.log`;
}

/** What a name stands for, and whose it is; undefined for names that are not ours. */
export function parseName(name: string): { readonly kind: "open" | "seal" | "sealed" | "part" | "log"; readonly writer: string } | undefined {
  for (const [kind, pattern] of patterns) {
    const writer = pattern.exec(name)?.[1];
    if (writer !== undefined) return { kind, writer };
  }
  return undefined;
}

const patterns = [
  ["open", /^\.open-([0-9a-f]{8})-\d+$/],
  ["seal", /^\.seal-\d+-([0-9a-f]{8})\.json$/],
  ["sealed", /^\.part-\d+-([0-9a-f]{8})-\d+\.\w+$/],
  ["part", /^part-\d+-([0-9a-f]{8})-\d+\.\w+$/],
  ["log", /^_commits-([0-9a-f]{8})\.log$/],
] as const;

/** A name for a writer that nothing in the folder bears yet. Writers in other processes draw their own. */
export function newWriter(random: Random, names: readonly string[]): string {
  const taken = new Set(names.map((name) => parseName(name)?.writer));
  for (;;) {
    const writer = Math.floor(random.next() * 2 ** 32).toString(16).padStart(8, "0");
    if (!taken.has(writer)) return writer;
  }
}

function digits(epoch: number): string {
  return String(epoch).padStart(10, "0");
}
