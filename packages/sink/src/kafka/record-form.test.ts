import { ChangeKind, t } from "@streamflow/core";
import { murmur2 } from "@streamflow/kafka";
import { describe, expect, it } from "vitest";
import { sinkBatch } from "../sink-batch.ts";
import { RecordForm, type RecordFormOptions } from "./record-form.ts";

interface Seen {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string])[];
  readonly partition: number | undefined;
}

function seen(options: Partial<RecordFormOptions>, value: unknown, change: number = ChangeKind.insert): Seen {
  const form = new RecordForm({ topic: "t", ...options }, undefined);
  const topic = form.topicOf(value);
  form.read(sinkBatch([value], { changes: [change] }), 0);
  const { bytes, keyStart, keyEnd, valueStart, valueEnd, headers } = form.parts;
  const text = (start: number, end: number): string | null => (start < 0 ? null : Buffer.from(bytes.subarray(start, end)).toString());
  return { topic, key: text(keyStart, keyEnd), value: text(valueStart, valueEnd), headers: (headers?.pairs ?? []).map(([name, one]) => [Buffer.from(name).toString(), Buffer.from(one ?? []).toString()]), partition: form.partition(value, 10) };
}

describe("what a record becomes", () => {
  it("its JSON, without the end of a line", () => {
    expect(seen({}, { a: "ü", b: 1 })).toEqual({ topic: "t", key: null, value: '{"a":"ü","b":1}', headers: [], partition: undefined });
    expect(seen({ format: "lines" }, "text")).toMatchObject({ value: "text" });
  });

  it("topic, key and headers by templates", () => {
    expect(seen({ topic: "to-{a}", key: "{a}/{b.c}", headers: { one: "{a}", two: "{{x}}" } }, { a: "x", b: { c: 7 } })).toMatchObject({ topic: "to-x", key: "x/7", headers: [["one", "x"], ["two", "{x}"]] });
  });

  it("the partition of its key, as Java has it, or the one that it says", () => {
    expect(seen({ key: "{a}" }, { a: "Frankfurt" }).partition).toBe((murmur2(Buffer.from("Frankfurt")) & 0x7fffffff) % 10);
    expect(seen({ key: "{a}", partition: "{p}" }, { a: "x", p: 3 }).partition).toBe(3);
    for (const p of [10, -1, "x", 1.5]) expect(() => seen({ partition: "{p}" }, { p })).toThrow(/partition/);
  });

  it("a delete is a tombstone; an update is its value", () => {
    expect(seen({ key: "{a}" }, { a: "x" }, ChangeKind.delete)).toMatchObject({ key: "x", value: null });
    expect(seen({ key: "{a}" }, { a: "x" }, ChangeKind.updateAfter)).toMatchObject({ key: "x", value: '{"a":"x"}' });
  });

  it("an empty key is one", () => {
    expect(seen({ key: "{a}" }, { a: "" })).toMatchObject({ key: "", partition: expect.any(Number) as number });
  });

  it("what cannot be written is refused, and leaves nothing behind", () => {
    const form = new RecordForm({ topic: "{t}", key: "{k}" }, t.struct({ k: t.string() }));
    expect(() => form.topicOf({ t: "no topic!" })).toThrow(/is no name of a topic/);
    expect(() => form.topicOf({ t: "x".repeat(250) })).toThrow(/is no name of a topic/);
    expect(() => form.read(sinkBatch([{ k: null }]), 0)).toThrow(/"k"/);
    form.read(sinkBatch([{ k: "a" }]), 0);
    expect(Buffer.from(form.parts.bytes.subarray(0, form.parts.valueEnd)).toString()).toBe('a{"k":"a"}');
  });
});
