// The parts of a table of numbers at a barrier.
//   P1. What is large has parts of its own: each chunk of a space where there is one group, else each group of a space; and each piece that was restored, as long as nobody asks for it.
//       They have a content, so that a checkpoint may name again what it has stored. All else of a group is one part, written each time.
//   P2. Parts that hold entries of one namespace come in the order of their entries: restored one behind the other, they are visited as before.
import type { CopyMemory } from "./copy-pool.ts";
import { leastWatched, type LiveCopy } from "./live-copy.ts";
import { chunkCopies, sortedCopy } from "./sorted-copy.ts";
import { type SortedCopy, type SpaceToWrite, type StoredSpace, writeColumns } from "./space-copy.ts";
import type { IsStored, KnownPart, TablePart } from "./table-part.ts";

/** A space of one key group, as it was restored. */
export interface StoredGroup {
  readonly group: number;
  readonly space: StoredSpace;
}

/** What a table holds of a namespace: a copy, or what was restored. */
export interface Held {
  readonly namespace: number;
  readonly copy: LiveCopy | undefined;
  readonly stored: readonly StoredGroup[];
}

/** What parts are made with. */
export interface PartsOptions {
  readonly groups: number;
  readonly pool: CopyMemory;
  readonly isStored: IsStored;
}

type Part = TablePart | KnownPart;
/** Makes the bytes of a part. */
type Write = () => Generator<undefined, Uint8Array>;

/** All parts that hold something. */
export function partsOf(held: readonly Held[], options: PartsOptions): readonly Part[] {
  const { pool } = options;
  const parts = [...held.filter(isLarge).flatMap((one) => ownParts(one, options)), ...sharedParts(held.filter((one) => !isLarge(one)), options)];
  let left = parts.filter((part) => "write" in part).length;
  return parts.map((part) => {
    if (!("write" in part)) return part;
    const { write } = part;
    return {
      ...part,
      *write() {
        const bytes = pool.use(yield* write());
        if (--left === 0) pool.isOver = true;
        return bytes;
      },
      free: () => void (pool.isFree = true),
    };
  });
}

function isLarge({ copy, stored }: Held): boolean {
  return (copy?.parts.used ?? stored.reduce((sum, { space }) => sum + space.count, 0)) >= leastWatched;
}

function ownParts({ namespace, copy, stored }: Held, options: PartsOptions): readonly Part[] {
  if (copy === undefined) return stored.map(({ group, space }) => ownPart(group, space, options, () => writeColumns([space], group, (length) => options.pool.room(length))));
  return copy.parts.counts.length === 1 ? chunkParts(namespace, copy, options) : groupParts(namespace, copy, options);
}

function ownPart(group: number, content: object, { isStored }: PartsOptions, write: Write): Part {
  return isStored(content) ? { group, content } : { group, content, write };
}

function chunkParts(namespace: number, copy: LiveCopy, options: PartsOptions): readonly Part[] {
  const { pool } = options;
  const copied = once(() => chunkCopies(copy));
  const parts = copy.contents.map((content, chunk) =>
    ownPart(0, content, options, function* () {
      const space = (yield* copied())[chunk]!;
      return yield* writeColumns([{ ...space, namespace }], 0, (length) => pool.room(length));
    }));
  for (const [chunk, part] of parts.entries()) if (!("write" in part)) copy.leave(chunk);
  if (!parts.some((part) => "write" in part)) copy.end();
  return parts;
}

function groupParts(namespace: number, copy: LiveCopy, options: PartsOptions): readonly Part[] {
  const { pool } = options;
  const sort = once(() => sortedCopy(copy));
  const groups = copy.contents.flatMap((content, group) => (copy.parts.counts[group]! > 0 ? { group, content } : []));
  const parts = groups.map(({ group, content }) =>
    ownPart(group, content, options, function* () {
      return yield* writeColumns([{ ...(yield* sort()), namespace }], group, (length) => pool.room(length));
    }));
  if (!parts.some((part) => "write" in part)) copy.end();
  return parts;
}

/** All spaces of a group together. */
function sharedParts(held: readonly Held[], { groups, pool }: PartsOptions): readonly TablePart[] {
  const spaces = held.map((one) => ({ ...one, sort: sortOf(one.copy) }));
  const holds = (group: number): boolean => held.some(({ copy, stored }) => (copy === undefined ? stored.some((one) => one.group === group) : copy.parts.counts[group]! > 0));
  return Array.from({ length: groups }, (_, group) => group).filter(holds).map((group) => ({
    group,
    *write() {
      const all: SpaceToWrite[] = [];
      for (const { namespace, copy, stored, sort } of spaces) {
        if (copy === undefined) for (const one of stored) if (one.group === group) all.push(one.space);
        if (sort !== undefined && copy!.parts.counts[group]! > 0) all.push({ ...(yield* sort()), namespace });
      }
      return yield* writeColumns(all, group, (length) => pool.room(length));
    },
  }));
}

function sortOf(copy: LiveCopy | undefined): (() => Generator<undefined, SortedCopy>) | undefined {
  return copy === undefined ? undefined : once(() => sortedCopy(copy));
}

/** Makes something for whoever asks first. */
function once<Made>(make: () => Generator<undefined, Made>): () => Generator<undefined, Made> {
  let made: Made | undefined;
  return function* () {
    made ??= yield* make();
    return made;
  };
}
