// Stored tables as tools see them: entries by namespace and key, without the operator that wrote them.
import { KeyTexts } from "./key-texts.ts";
import { columnsMark, readSpace, spacesOf } from "./space-copy.ts";
import { StateReader } from "./state-codec.ts";

/** An entry of a stored table. */
export interface StoredEntry {
  /** For example a window's start; 0 for plain keyed state. */
  readonly namespace: number;
  readonly key: unknown;
  /** What the state's serializer wrote, value by value. Plain state is one value. */
  readonly parts: readonly unknown[];
}

/**
 * Reads the bytes of one table of one shard (`StateSegment`), in the order in which the table visits its entries.
 * @throws {@link StreamFlowError} SF_STATE_CORRUPT while it is read, where the bytes are something else
 */
export function* readTable(bytes: Uint8Array): Generator<StoredEntry> {
  if (bytes[0] === columnsMark) return yield* readNumbers(bytes);
  const from = new StateReader(bytes);
  while (!from.atEnd) {
    const namespace = from.number();
    const count = from.number();
    for (let i = 0; i < count; i++) {
      const key = from.value();
      const frame = from.frame();
      const parts: unknown[] = [];
      while (!frame.atEnd) parts.push(frame.value());
      yield { namespace, key, parts };
    }
  }
}

function* readNumbers(bytes: Uint8Array): Generator<StoredEntry> {
  for (const space of spacesOf(bytes)) {
    const { namespace } = space;
    const { count, keys, columns, rest, texts: storedTexts } = readSpace(space);
    const texts = new KeyTexts();
    if (storedTexts !== undefined) texts.append(0, storedTexts);
    const more = new Map(rest.map(([index, key, extra]) => [index, { key, extra }]));
    for (let i = 0; i < count; i++) {
      const { key, extra } = more.get(i) ?? {};
      const number = keys[i]!;
      const parts = columns.map((column) => column[i]);
      yield { namespace, key: key !== undefined ? key : number === number ? number : texts.has(i) ? texts.at(i) : undefined, parts: extra === undefined ? parts : [...parts, extra] };
    }
  }
}
