import fc from "fast-check";
import { expect, it } from "vitest";
import { identityKey, shortKey } from "./idempotency.ts";

const text = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom("/", "%", "%2F", "a/b", ""));
const identity = fc.record({ pipeline: text, node: text, shard: text, origin: text, index: fc.nat(20) });

it("different identities have different keys, equal ones the same (property)", () => {
  fc.assert(fc.property(identity, identity, (a, b) => {
    expect(identityKey(a, a) === identityKey(b, b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    expect(shortKey(a, a) === shortKey(b, b)).toBe(JSON.stringify(a) === JSON.stringify(b));
  }), { numRuns: 1000 });
});

it("keys are frozen: a change would double what was written before", () => {
  const scope = { pipeline: "orders", node: "out" };
  const who = { shard: "p:file/a.ndjson", origin: "120", index: 0 };
  expect(identityKey(scope, who)).toBe("orders/out/p:file%2Fa.ndjson/120/0");
  expect(shortKey(scope, who)).toMatch(/^[0-9a-f]{32}$/);
  expect(shortKey(scope, who)).toBe("7a4b41f7a0ebbb06ae5d9b6ad29e2447");
});
