// The clauses SRG-1 to SRG-11 as checks, with small Avro schemas.
import assert from "node:assert/strict";
import type { CompatibilityMode, SchemaRegistry, SchemaText } from "../../contracts/schema-registry.ts";
import { StreamFlowError } from "../../errors.ts";
import { mustFail, SuiteBuilder, type ConformanceCase } from "./case.ts";
import { range, StoreTrial, type StoreHarness } from "./store-trial.ts";

/** What the suite needs. The registry knows the rules of Avro. */
export interface SchemaRegistryHarness<Storage> extends Omit<StoreHarness<SchemaRegistry, Storage>, "failAfter" | "crash"> {
  /** Cuts the connection, or mends it. */
  reach?(storage: Storage, isReachable: boolean): void | Promise<void>;
}

type Trial<Storage> = StoreTrial<SchemaRegistry, Storage>;

/** Fields by name: with a default, or without. */
type Fields = Readonly<Record<string, "required" | "defaulted">>;

function order(fields: Fields): SchemaText {
  const declared = Object.entries(fields).map(([name, kind]) => ({ name, type: "int", ...(kind === "defaulted" ? { default: 0 } : {}) }));
  return { format: "avro", text: JSON.stringify({ type: "record", name: "Order", fields: declared }) };
}

const base = order({ id: "required", price: "required" });
/** Each reads, or is read by, `base` in one way alone. */
const next = {
  readsBase: order({ id: "required" }),
  readByBase: order({ id: "required", price: "required", tax: "required" }),
  both: order({ id: "required", price: "required", tax: "defaulted" }),
  neither: order({ id: "required", tax: "required" }),
} as const;

/** What each mode takes after `base`. */
const takes: Readonly<Record<CompatibilityMode, readonly (keyof typeof next)[]>> = {
  none: ["readsBase", "readByBase", "both", "neither"],
  backward: ["readsBase", "both"],
  "backward-transitive": ["readsBase", "both"],
  forward: ["readByBase", "both"],
  "forward-transitive": ["readByBase", "both"],
  full: ["both"],
  "full-transitive": ["both"],
};

/** Checks that a registry keeps the promises of {@link SchemaRegistry}. */
export function schemaRegistryConformance<Storage>(harness: SchemaRegistryHarness<Storage>): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<Trial<Storage>>(() => StoreTrial.begin<SchemaRegistry, Storage>(harness));
  addVersions(suite);
  addCompatibility(suite);
  addRefusals(suite);

  suite.add(["SRG-11", "what resolved is there after a reopen, ids and modes too"], async (t) => {
    let registry = await t.open();
    const first = await registry.register("s", base);
    await registry.setMode("s", "forward");
    const second = await registry.register("s", next.readByBase);
    registry = await t.open();
    assert.deepEqual([await registry.version("s", 1), await registry.latest("s")], [first, second]);
    assert.equal(await registry.mode("s"), "forward");
    assert.deepEqual(await registry.register("s", base), first);
    const other = await registry.register("other", next.both);
    assert.ok(other.id !== first.id && other.id !== second.id, "an id is not given again");
  });

  suite.add(
    ["SRG-11", "an unreachable registry is an error that may be tried again, and no answer"],
    async (t) => {
      const registry = await t.open();
      const known = await registry.register("s", base);
      await harness.reach?.(t.storage, false);
      for (const call of [() => registry.latest("late"), () => registry.byId(known.id + 1), () => registry.register("late", next.both)]) {
        const thrown = await call().then(() => undefined, (error: unknown) => error);
        assert.ok(StreamFlowError.is(thrown) && thrown.retryable, `a retryable error, got ${String(thrown)}`);
      }
      await harness.reach?.(t.storage, true);
      const late = await registry.register("late", next.both);
      assert.deepEqual([await registry.latest("late"), await registry.byId(late.id)], [late, next.both]);
    },
    { name: "reach", isMet: harness.reach !== undefined },
  );
  return suite.cases;
}

function addVersions<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["SRG-1", "versions count from 1; a schema that is there answers its version, and changes nothing"], async (t) => {
    const registry = await t.open();
    await registry.setMode("s", "none");
    const all = [base, next.neither, next.both];
    for (const [i, schema] of all.entries()) assert.equal((await registry.register("s", schema)).version, i + 1);
    for (const [i, schema] of all.entries()) assert.equal((await registry.register("s", { ...schema })).version, i + 1);
    assert.deepEqual(await registry.versions("s"), [1, 2, 3]);
    assert.equal((await registry.latest("s"))?.version, 3);
  });

  suite.add(["SRG-1", "a schema that is there is no trial: the mode does not judge it"], async (t) => {
    const registry = await t.open();
    await registry.setMode("s", "none");
    await registry.register("s", base);
    await registry.register("s", next.neither);
    await registry.setMode("s", "full-transitive");
    assert.equal((await registry.register("s", base)).version, 1);
    assert.deepEqual(await registry.check("s", base), []);
  });

  suite.add(["SRG-1", "equal texts with other references are different schemas"], async (t) => {
    const registry = await t.open();
    await registry.setMode("s", "none");
    await registry.setMode("part", "none");
    await registry.register("part", named("Part", { a: "required" }));
    await registry.register("part", named("Part", { b: "required" }));
    const user = { format: "avro", text: JSON.stringify({ type: "record", name: "User", fields: [{ name: "part", type: "Part" }] }) };
    const one = await registry.register("s", { ...user, references: [{ name: "Part", subject: "part", version: 1 }] });
    const two = await registry.register("s", { ...user, references: [{ name: "Part", subject: "part", version: 2 }] });
    assert.deepEqual([one.version, two.version], [1, 2]);
    assert.notEqual(one.id, two.id);
    assert.deepEqual(await registry.byId(two.id), { ...user, references: [{ name: "Part", subject: "part", version: 2 }] });
  });

  suite.add(["SRG-2", "an id is one schema's for ever, whatever the subject, and fits 4 bytes"], async (t) => {
    const registry = await t.open();
    const ids = new Map<number, string>();
    for (const schema of [base, next.both, next.readsBase]) {
      const [one, two] = [await registry.register(`a-${schema.text.length}`, schema), await registry.register(`b-${schema.text.length}`, schema)];
      assert.equal(one.id, two.id, "equal schemas have one id");
      assert.ok(Number.isInteger(one.id) && one.id >= 1 && one.id <= 2 ** 31 - 1, `an id from 1 to 2^31 - 1, got ${one.id}`);
      assert.ok(!ids.has(one.id), "different schemas have different ids");
      ids.set(one.id, schema.text);
    }
    for (const [id, text] of ids) assert.equal((await registry.byId(id))?.text, text);
  });

  suite.add(["SRG-3", "lookups answer what was registered; undefined for what was not; the answers are the caller's"], async (t) => {
    const registry = await t.open();
    const spaced: SchemaText = { format: "avro", text: `  ${base.text.replaceAll(",", " ,\n")}\n` };
    const made = await registry.register("s", spaced);
    assert.deepEqual(made, { id: made.id, subject: "s", version: 1, schema: spaced });
    for (const _ of range(2)) {
      const answers = [await registry.version("s", 1), await registry.latest("s")];
      assert.deepEqual(answers, [made, made]);
      for (const answer of answers) Object.assign(answer ?? {}, { version: 9 });
      assert.deepEqual(await registry.byId(made.id), spaced);
    }
    const absent = [await registry.version("s", 2), await registry.version("s", 0), await registry.version("S", 1), await registry.latest("none"), await registry.byId(made.id + 1)];
    assert.deepEqual(absent, absent.map(() => undefined));
  });

  suite.add(["SRG-4", "versions ascend, subjects are sorted by code unit, unknown ones are empty"], async (t) => {
    const registry = await t.open();
    const names = ["b", "B", "a-value", "ä", "a/b", "a"];
    for (const name of names) await registry.register(name, base);
    assert.deepEqual(await registry.subjects(), [...names].sort());
    assert.deepEqual(await registry.versions("c"), []);
    await registry.setMode("c", "none");
    await registry.check("c", base);
    assert.deepEqual(await registry.subjects(), [...names].sort(), "a subject without a schema is none");
  });
}

function addCompatibility<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  for (const mode of Object.keys(takes) as CompatibilityMode[]) {
    suite.add(["SRG-6", `${mode}: what fits is taken, what does not is refused (SRG-5), and check says the same (SRG-7)`], async (t) => {
      const registry = await t.open();
      for (const [kind, schema] of Object.entries(next)) {
        await registry.setMode(kind, mode);
        await registry.register(kind, base);
        const problems = await registry.check(kind, schema);
        assert.deepEqual(await registry.versions(kind), [1], "check changes nothing");
        if (takes[mode].includes(kind as keyof typeof next)) {
          assert.deepEqual(problems, []);
          assert.equal((await registry.register(kind, schema)).version, 2, kind);
        } else {
          assert.ok(problems.length > 0 && problems.every(({ version }) => version === 1), `${kind}: ${JSON.stringify(problems)}`);
          await mustFail("SF_SCHEMA_INCOMPATIBLE", () => registry.register(kind, schema));
          assert.deepEqual(await registry.versions(kind), [1], "a refusal changes nothing");
        }
      }
    });
  }

  const chains = {
    backward: [order({ id: "required" }), order({ id: "required", tax: "defaulted" }), order({ id: "required", tax: "required" })],
    forward: [order({ id: "required", tax: "required" }), order({ id: "required", tax: "defaulted" }), order({ id: "required" })],
  } as const;
  for (const direction of ["backward", "forward"] as const) {
    suite.add(["SRG-6", `${direction} judges by the latest version alone, ${direction}-transitive by all`], async (t) => {
      const registry = await t.open();
      const [one, two, three] = chains[direction];
      await registry.setMode("latest", direction);
      await registry.setMode("all", `${direction}-transitive`);
      for (const subject of ["latest", "all"]) for (const schema of [one, two]) await registry.register(subject, schema);
      assert.equal((await registry.register("latest", three)).version, 3);
      const problems = await registry.check("all", three);
      assert.ok(problems.length > 0 && problems.every(({ version, reader }) => version === 1 && reader === (direction === "backward" ? "new" : "present")), JSON.stringify(problems));
      await mustFail("SF_SCHEMA_INCOMPATIBLE", () => registry.register("all", three));
    });
  }

  suite.add(["SRG-6", "another format does not fit, except where nothing is checked"], async (t) => {
    const registry = await t.open();
    const json: SchemaText = { format: "json", text: JSON.stringify({ type: "object" }) };
    await registry.register("s", base);
    await mustFail("SF_SCHEMA_INCOMPATIBLE", () => registry.register("s", json));
    await registry.setMode("s", "none");
    assert.equal((await registry.register("s", json)).version, 2);
  });

  suite.add(["SRG-8", "a subject is backward until its mode is set; that judges nothing that is there"], async (t) => {
    const registry = await t.open();
    assert.equal(await registry.mode("s"), "backward");
    await registry.register("s", base);
    await mustFail("SF_SCHEMA_INCOMPATIBLE", () => registry.register("s", next.readByBase));
    await registry.setMode("s", "none");
    await registry.register("s", next.neither);
    await registry.setMode("s", "full-transitive");
    assert.equal(await registry.mode("s"), "full-transitive");
    assert.deepEqual(await registry.versions("s"), [1, 2]);
    assert.equal(await registry.mode("other"), "backward");
  });
}

function addRefusals<Storage>(suite: SuiteBuilder<Trial<Storage>>): void {
  suite.add(["SRG-5", "a refusal names the subject and every problem, as text and as data"], async (t) => {
    const registry = await t.open();
    await registry.setMode("orders", "full");
    await registry.register("orders", base);
    const error = await mustFail("SF_SCHEMA_INCOMPATIBLE", () => registry.register("orders", next.neither));
    const problems = await registry.check("orders", next.neither);
    assert.deepEqual(new Set(problems.map(({ reader }) => reader)), new Set(["new", "present"]));
    assert.deepEqual(error.context?.["problems"], problems);
    for (const part of ['"orders"', ...problems.map(({ message }) => message)]) assert.ok(error.message.includes(part), `${part} in: ${error.message}`);
  });

  suite.add(["SRG-9", "the same new schema registered at once is one version; different ones are judged one after another"], async (t) => {
    const registry = await t.open();
    const same = await Promise.all(range(10).map(() => registry.register("s", base)));
    assert.deepEqual(new Set(same.map(({ id, version }) => `${id} ${version}`)).size, 1);
    assert.deepEqual(await registry.versions("s"), [1]);
    // Each fits the first version, and neither the other.
    const rivals = [order({ id: "required", tax: "required" }), order({ id: "required" })];
    await registry.setMode("r", "full");
    await registry.register("r", order({ id: "required", tax: "defaulted" }));
    const outcomes = await Promise.allSettled(range(4).map((i) => registry.register("r", rivals[i % 2] ?? base)));
    const [first, second, ...again] = outcomes.map(({ status }) => status);
    assert.deepEqual(again, [first, second], "equal schemas fare alike");
    assert.notEqual(first, second, "one of the two is taken");
    assert.deepEqual(await registry.versions("r"), [1, 2]);
    await registry.setMode("t", "none");
    const many = await Promise.all(range(10).map((i) => registry.register("t", order({ id: "required", [`f${i}`]: "required" }))));
    assert.deepEqual(many.map(({ version }) => version).sort((a, b) => a - b), range(10).map((i) => i + 1));
    assert.equal(new Set(many.map(({ id }) => id)).size, 10);
  });

  suite.add(["SRG-10", "what is no schema, or names what is not registered, is refused, and changes nothing"], async (t) => {
    const registry = await t.open();
    await registry.setMode("s", "none");
    const user = { format: "avro", text: JSON.stringify({ type: "record", name: "User", fields: [{ name: "part", type: "Part" }] }) };
    const bad: readonly SchemaText[] = [
      { format: "avro", text: '{"type": "rec' },
      { format: "avro", text: "" },
      { ...user, references: [{ name: "Part", subject: "part", version: 1 }] },
    ];
    for (const schema of bad) {
      await mustFail("SF_SCHEMA_INVALID", () => registry.register("s", schema));
      await mustFail("SF_SCHEMA_INVALID", () => registry.check("s", schema));
    }
    assert.deepEqual([await registry.subjects(), await registry.versions("s"), await registry.latest("s")], [[], [], undefined]);
    assert.equal((await registry.register("s", base)).version, 1);
  });
}

function named(name: string, fields: Fields): SchemaText {
  const { format, text } = order(fields);
  return { format, text: text.replace('"Order"', JSON.stringify(name)) };
}
