// How generated code finds the slot of a record's key: a text that is still bytes never becomes a string for it.
import type { RecordCode, TaskCode } from "@streamflow/core";

/** An expression for the slot in a space, which is an expression too; made where there is none. */
export function slotForCode({ key }: RecordCode, task: TaskCode, space: string): string {
  const text = task.textOf(key);
  if (text !== undefined) return `(${text.start}>=0?${space}.slotForText(${text.bytes},${text.start},${text.end}):${space}.slotFor(${key}))`;
  return `(typeof ${key}==="number"&&${key}===${key}?${space}.slotForNumber(${key}):${space}.slotFor(${key}))`;
}

/** An expression for the slot; −1: it has none. */
export function slotOfCode({ key }: RecordCode, task: TaskCode, space: string): string {
  const text = task.textOf(key);
  return text === undefined ? `${space}.slotOf(${key})` : `(${text.start}>=0?${space}.slotOfText(${text.bytes},${text.start},${text.end}):${space}.slotOf(${key}))`;
}
