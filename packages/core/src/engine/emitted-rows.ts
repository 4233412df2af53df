// Records that an operator emits together, as rows: for closures, and for operators that stand alone.
import type { Cursor, Emit, EmittedRecords } from "../contracts/operator.ts";
import { ChangeKind } from "../record.ts";
import { rowMaker } from "./row-maker.ts";

/** Emits them one after the other, and leaves the cursor as it was. */
export function emitRows({ length, columns, timestamps, keyColumn }: EmittedRecords, cursor: Cursor, emit: Emit): void {
  const keys = columns[keyColumn]!.values;
  const rows = rowMaker(columns.map(({ name }) => name))(columns, length);
  keepingCursor(cursor, () => {
    for (let i = 0; i < length; i++) {
      cursor.timestampMs = timestamps[i]!;
      cursor.key = keys[i];
      cursor.change = ChangeKind.insert;
      emit(rows[i]);
    }
  });
}

/** Runs something that moves the cursor, and puts it back. */
export function keepingCursor<T>(cursor: Cursor, run: () => T): T {
  const { timestampMs, key, change, index } = cursor;
  const answer = run();
  cursor.timestampMs = timestampMs;
  cursor.key = key;
  cursor.change = change;
  cursor.index = index;
  return answer;
}
