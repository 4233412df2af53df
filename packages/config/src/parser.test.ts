import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Registry } from "@streamflow/core";
import { VirtualDisk } from "@streamflow/core/testing";
import { testRegistry } from "./registry.fixture.ts";
import { ConfigError, renderDiagnostics } from "./diagnostic.ts";
import { loadPipeline, parsePipeline, type ParseOptions } from "./parser.ts";

const registry = testRegistry();

function read(name: string): string {
  return readFileSync(new URL(`../test/${name}`, import.meta.url), "utf8");
}

function variables(values: Readonly<Record<string, string>>): Pick<ParseOptions, "secrets"> {
  return { secrets: { get: (name) => values[name] } };
}

/** The mistakes of a text, as `path: message`. */
function told(text: string, options: Partial<ParseOptions> = {}): string[] {
  try {
    parsePipeline(text, { registry, ...options });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return thrown.diagnostics.map(({ location, message }) => `${location.path ?? ""}: ${message}`);
  }
}

function withStage(stage: string): string {
  return `name: p\nsource: { type: generator }\nstages:\n  - ${stage}\nsinks: [{ type: memory }]\n`;
}

function stageConfig(stage: string, options: Partial<ParseOptions> = {}): unknown {
  return parsePipeline(withStage(stage), { registry, ...options }).nodes[1]?.config;
}

describe("parsePipeline", () => {
  it("reads which sinks an epoch waits for: a list stays a list", () => {
    const text = "name: p\nsource: { type: generator }\nsinks: [{ type: memory, id: a }, { type: memory, id: b }]\ndelivery: { commitPolicy: required, required: [a], maxBacklogBytes: 1MiB }\n";
    expect(parsePipeline(text, { registry }).config.delivery).toEqual({ commitPolicy: "required", required: ["a"], maxBacklogBytes: 1_048_576 });
  });

  it("reads a whole pipeline", () => {
    const spec = parsePipeline(read("valid/orders.yaml"), { registry, file: "orders.yaml", folder: "conf", ...variables({ TOKEN: "12345", RETRIES: "7", PASSWORD: "hunter2" }) });
    expect(spec.folder).toBe("conf");
    expect(spec.config).toEqual({
      name: "orders",
      batch: { maxRecords: 500, maxBytes: 1_048_576, maxDelayMs: 5 },
      checkpoint: { everyMs: 10_000, mode: "async", keep: 2 },
      restart: { maxRestarts: 3, windowMs: 5_400_000, initialDelayMs: 1000, maxDelayMs: 60_000 },
      deadLetters: { onReject: "keep", maxRejected: 1000, maxBytes: 4096 },
      unboundedState: false,
      maxDriftMs: 300_000,
      parallelism: 4,
    });
    expect(spec.nodes.map(({ id, named, kind, type }) => [id, named, kind, type])).toEqual([
      ["orders", true, "source", "file"],
      ["payments", true, "source", "http"],
      ["generator", false, "source", "generator"],
      ["filter", false, "stage", "filter"],
      ["paid", true, "stage", "join"],
      ["window", false, "stage", "window"],
      ["map", false, "stage", "map"],
      ["database", false, "sink", "database"],
      ["memory", false, "sink", "memory"],
    ]);
    expect(spec.nodes.map(({ inputs }) => inputs.map(({ input, node, output }) => `${node}.${output} > ${input}`))).toEqual([
      [],
      [],
      [],
      ["orders.main > main"],
      ["filter.main > left", "payments.main > right", "generator.main > right"],
      ["paid.main > main"],
      ["window.main > main"],
      ["map.main > main"],
      ["window.late > main", "filter.rejected > main"],
    ]);
    const configs = Object.fromEntries(spec.nodes.map(({ id, config }) => [id, config]));
    expect(configs["orders"]).toEqual({
      path: "data/orders.csv",
      format: { type: "csv", config: { header: true, delimiter: ";" } },
      schema: {
        type: "struct",
        fields: [
          { name: "id", type: { type: "int64" } },
          { name: "price", type: { type: "decimal", precision: 10, scale: 2 } },
          { name: "note", type: { type: "string", nullable: true } },
          { name: "tags", type: { type: "list", element: { type: "string" } } },
          {
            name: "lines",
            type: {
              type: "list",
              element: {
                type: "struct",
                fields: [
                  { name: "sku", type: { type: "string" } },
                  { name: "n", type: { type: "int32" } },
                ],
              },
              nullable: true,
            },
          },
        ],
      },
      eventTime: { field: { kind: "field", path: ["ts"] }, maxDelay: 5000 },
    });
    expect(configs["payments"]).toEqual({ url: "https://pay.example/in", token: "12345", retries: 7, headers: { accept: "application/json" } });
    expect(configs["generator"]).toEqual({ template: { id: 1, tags: ["a", null] }, records: 10, pause: 10 });
    expect(configs["window"]).toMatchObject({ size: 60_000, by: "route", lateness: "output", aggregates: { n: { kind: "aggregate", function: "count", arguments: [] } } });
    expect(configs["database"]).toEqual({ url: "postgres://me:hunter2@db/shop", table: "totals", batch: 500, buffer: 1_048_576 });
    expect(spec.nodes[3]?.location).toEqual({ file: "orders.yaml", line: 35, column: 5, path: "stages[0]" });
  });

  it("reads JSON, indented by tabs as well", () => {
    const spec = parsePipeline(read("valid/smallest.json"), { registry });
    expect(spec.config).toEqual({ name: "smallest" });
    expect(spec.nodes.map(({ id, inputs }) => [id, inputs.map(({ node }) => node)])).toEqual([
      ["generator", []],
      ["memory", ["generator"]],
    ]);
  });

  it("the spec is plain data", () => {
    const spec = parsePipeline(read("valid/smallest.json"), { registry });
    expect(structuredClone(spec)).toEqual(spec);
  });

  it("tells every mistake in one go, in the order of the text", () => {
    const text = "nam: p\nsource: { type: generater }\nstages:\n  - { type: sample, rate: 2 }\n  - { type: filter }\nsinks: [{ type: memory, size: 3 }]\n";
    expect(told(text)).toEqual([
      'nam: unknown key "nam"',
      'name: "name" is missing',
      'source.type: no source of type "generater" is registered',
      "stages[0].rate: expected a number of at most 1, got 2",
      'stages[1].where: "where" is missing',
      'sinks[0].size: unknown key "size"',
    ]);
  });

  it("a reference stands for a number or a boolean where one is expected, for text where text is", () => {
    const from = variables({ RATE: "0.5", WORD: "true" });
    expect(stageConfig("{ type: sample, rate: '${RATE}' }", from)).toEqual({ rate: 0.5 });
    expect(stageConfig("type: sample\n    rate: ${RATE}", from)).toEqual({ rate: 0.5 });
    expect(stageConfig("{ type: sample, rate: '${NO:-1}' }", from)).toEqual({ rate: 1 });
    expect(told(withStage("{ type: sample, rate: '0.5' }"))).toEqual(['stages[0].rate: expected a number, got "0.5"']);
    expect(stageConfig("{ type: window, size: 1s, by: '${WORD}', aggregates: { n: count() } }", from)).toMatchObject({ by: "true" });
    expect(stageConfig("{ type: window, size: 1s, by: '${NO:-5}', aggregates: { n: count() } }", from)).toMatchObject({ by: "5" });
    expect(told(withStage("{ type: sample, rate: '${NO}' }"))).toEqual(["stages[0].rate: the variable NO is not set"]);
    expect(told(withStage("{ type: sample, rate: '${WORD}' }"), from)).toEqual(["stages[0].rate: expected a number, got ***"]);
  });

  it("a reference that YAML itself cannot read is explained", () => {
    const error = (() => {
      try {
        return parsePipeline(withStage("{ type: sample, rate: ${RATE} }"), { registry });
      } catch (thrown) {
        return thrown as ConfigError;
      }
    })();
    expect(error).toMatchObject({ diagnostics: [{ hint: 'inside { } and [ ] a reference needs quotes: "${NAME}"', location: { line: 4, column: 28 } }] });
  });

  it("structure cannot come from outside", () => {
    const from = variables({ T: "filter", INJECT: "a\nb: c", ID: "x" });
    expect(told(withStage("{ type: '${T}', where: a }"), from)).toEqual(['stages[0].type: expected a name, got "${T}"']);
    expect(told(withStage("{ type: filter, id: '${ID}', where: a }"), from)).toEqual(['stages[0].id: expected a name, got "${ID}"']);
    expect(stageConfig("{ type: window, size: 1s, by: '${INJECT}', aggregates: {} }", from)).toMatchObject({ by: "a\nb: c" });
  });

  it("points into expressions", () => {
    const at = (text: string): unknown => {
      try {
        return parsePipeline(text, { registry });
      } catch (thrown) {
        const [first] = (thrown as ConfigError).diagnostics;
        return [first?.code, first?.location.line, first?.location.column];
      }
    };
    expect(at(withStage("{ type: filter, where: a >> b }"))).toEqual(["SF_EXPRESSION_INVALID", 4, expect.any(Number)]);
    const plain = withStage("{ type: filter, where: a >> b }").split("\n")[3]?.indexOf("a >>") ?? 0;
    const [, , column] = at(withStage("{ type: filter, where: a >> b }")) as number[];
    expect(column).toBeGreaterThanOrEqual(plain + 1);
    expect(column).toBeLessThanOrEqual(plain + 4);
    expect(at("name: p\nsource: { type: generator }\nstages:\n  - type: filter\n    where: |\n      a &&\n      b >> c\nsinks: [{ type: memory }]\n")).toEqual(["SF_EXPRESSION_INVALID", 7, expect.any(Number)]);
  });

  it("10,000 deep documents and expressions are refused as mistakes", () => {
    for (const text of [withStage(`{ type: filter, where: "${"(".repeat(10_000)}" }`), withStage(`{ type: filter, where: "${"!".repeat(10_000)}a" }`), withStage(`{ type: filter, where: "${"a+".repeat(10_000)}a" }`), `name: ${"[".repeat(10_000)}`, "- ".repeat(10_000)]) {
      // An expression parser may well accept a long sum; it may never run out of stack.
      expect(() => told(text)).not.toThrow();
    }
    expect(told(`name: ${"[".repeat(10_000)}`)).toEqual([": nested deeper than 64 levels"]);
  });

  it("names that JavaScript would reorder are refused in mappings", () => {
    expect(told(withStage("{ type: map, set: { b: x, 2: y } }"))).toEqual(["stages[0].set[\"2\"]: expected a name, got the number 2"]);
  });

  it("a key called __proto__ is a key like any other", () => {
    const config = stageConfig("{ type: map, set: { __proto__: x } }") as { set: object };
    expect(Object.keys(config.set)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(config.set)).toBe(Object.prototype);
    expect(told(withStage("{ type: filter, where: a, constructor: 1 }"))).toEqual(['stages[0].constructor: unknown key "constructor"']);
  });

  it("P1: throws nothing but a ConfigError, whatever the text", () => {
    const valid = read("valid/orders.yaml");
    const pieces = ["type: ", "filter", "- ", "{ ", " }", "[", "]", ": ", "\n", "  ", "from: ", "id: ", "orders", "&a ", "*a", "${TOKEN}", "${", "'", '"', "|", "-5s", "1e999", ".nan", "~", "size", "null", "!!x ", "9007199254740993"];
    const edit = fc.record({ at: fc.nat(valid.length), cut: fc.nat(30), put: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 5 })) });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 4 }), (edits) => {
        let text = valid;
        for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut);
        try {
          parsePipeline(text, { registry, ...variables({ TOKEN: "planted-secret", RETRIES: "7", PASSWORD: "planted-secret" }) });
        } catch (thrown) {
          if (!(thrown instanceof ConfigError)) throw thrown;
          expect(thrown.diagnostics.length).toBeGreaterThan(0);
          expect(thrown.diagnostics.map(({ code }) => code)).not.toContain("SF_INTERNAL");
          // P2.
          expect(`${renderDiagnostics(thrown.diagnostics)}${thrown.message}${thrown.stack}`).not.toContain("planted");
        }
      }),
      { numRuns: 200 },
    );
  });

  it("P2: a planted secret is in no error, wherever it was put", () => {
    const secret = "pLanted secret)>>";
    const from = variables({ S: secret });
    const reference = "'${S}'";
    const texts = [
      `{ type: sample, rate: ${reference} }`,
      `{ type: filter, where: ${reference} }`,
      `{ type: filter, where: "a >> \${S}" }`,
      `{ type: window, size: ${reference}, aggregates: { n: ${reference} }, lateness: ${reference} }`,
      `{ type: window, size: 1s, by: [], aggregates: ${reference} }`,
      `{ type: join, left: ${reference}, right: ${reference}, on: ${reference} }`,
    ].map(withStage);
    texts.push(`name: ${reference}\nsource: { type: file, path: a, format: ${reference}, schema: { a: ${reference} } }\nsinks: [{ type: ${reference} }]\nbatch: { maxBytes: ${reference} }\nunboundedState: ${reference}\n`);
    for (const text of texts) {
      const error = (() => {
        try {
          return parsePipeline(text, { registry, ...from });
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(error).toBeInstanceOf(ConfigError);
      const { diagnostics, message, stack } = error as ConfigError;
      expect(JSON.stringify(diagnostics) + renderDiagnostics(diagnostics) + message + stack).not.toMatch(/pLanted/);
    }
  });
});

describe("loadPipeline", () => {
  it("reads a file, the files it refers to, and keeps its folder", async () => {
    const disk = new VirtualDisk();
    await disk.makeFolder("conf/secrets");
    const put = async (path: string, text: string): Promise<void> => {
      const file = await disk.openWrite(path);
      await file.write(new TextEncoder().encode(text));
      await file.close();
    };
    await put("conf/p.yaml", "name: p\nsource: { type: http, url: a, token: '${file:secrets/t}', headers: { x: '${PW}' } }\nsinks: [{ type: memory }]\n");
    await put("conf/secrets/t", "from the file\n");
    await put("/pw", "from PW_FILE");
    const secrets = { get: (name: string) => (name === "PW_FILE" ? "/pw" : undefined) };
    const spec = await loadPipeline("conf/p.yaml", { registry, disk, secrets });
    expect(spec.folder).toBe("conf");
    expect(spec.nodes[0]?.config).toMatchObject({ token: "from the file", headers: { x: "from PW_FILE" } });
    await expect(loadPipeline("gone.yaml", { registry, disk })).rejects.toThrow(expect.objectContaining({ code: "SF_DISK_FAILED" }));
  });
});

describe("jsonSchema of a source", () => {
  const nodesOf = (source: string, options: Partial<ParseOptions> = {}) => parsePipeline(`name: p\nsource: ${source}\nsinks: [{ type: memory }]\n`, { registry, ...options }).nodes;
  const refusalOf = (source: string, options: Partial<ParseOptions> = {}) => {
    try {
      nodesOf(source, options);
    } catch (thrown) {
      return (thrown as ConfigError).diagnostics;
    }
    return undefined;
  };

  it("wraps any source in the component that validates; its id and its own fields stay", () => {
    const [node] = nodesOf("{ type: generator, records: 3, jsonSchema: { required: [id] } }");
    const inner = { type: "generator", config: { records: 3, pause: 10 } };
    expect(node).toMatchObject({ id: "generator", named: false, kind: "source", type: "validated", config: { source: inner, jsonSchema: { required: ["id"] } } });
    expect(nodesOf("{ type: generator, records: 3 }")[0]).toMatchObject({ ...inner });
  });

  it("a source inside another component may have one; a source's own field of that name is its own", () => {
    const spec = parsePipeline(read("valid/validated.yaml"), { registry });
    const generator = { type: "generator", config: { records: 10, pause: 10 } };
    expect(spec.nodes.slice(1, 3).map(({ id, type, config }) => ({ id, type, config }))).toEqual([
      { id: "generator", type: "validated", config: { source: generator, jsonSchema: true } },
      { id: "validated", type: "validated", config: { source: { type: "validated", config: { source: generator, jsonSchema: { required: ["id"] } } }, jsonSchema: { required: ["name"] } } },
    ]);
  });

  it("may stand in a file of its own", async () => {
    const disk = new VirtualDisk();
    await disk.makeFolder("conf");
    for (const [path, text] of [["conf/p.yaml", "name: p\nsource:\n  type: generator\n  jsonSchema: ${file:order.schema.json}\nsinks: [{ type: memory }]\n"], ["conf/order.schema.json", '{ "required": ["id"] }\n']] as const) {
      const file = await disk.openWrite(path);
      await file.write(new TextEncoder().encode(text));
      await file.close();
    }
    const spec = await loadPipeline("conf/p.yaml", { registry, disk });
    expect(spec.nodes[0]?.config["jsonSchema"]).toEqual({ required: ["id"] });
  });

  it.each([["5", "5"], ["[a]", "a list"], ["'{ not JSON'", '"{ not JSON"'], ["'[]'", '"[]"']])("is a mapping, true or false: %s is not", (written, shown) => {
    expect(refusalOf(`{ type: generator, jsonSchema: ${written} }`)).toMatchObject([
      { code: "SF_CONFIG_INVALID", message: expect.stringMatching(/^expected a JSON Schema/), location: { line: 2, path: "source.jsonSchema" } },
    ]);
    expect(refusalOf(`{ type: generator, jsonSchema: ${written} }`)?.[0]?.message).toContain(`got ${shown}`);
  });

  it("no contents of a file are shown", () => {
    const diagnostics = refusalOf('{ type: generator, jsonSchema: "${file:x}" }', { files: new Map([["x", "planted: text"]]) });
    expect(diagnostics).toHaveLength(1);
    expect(JSON.stringify(diagnostics)).not.toContain("planted");
  });

  it("a registry without the component that validates is told where it is missed", () => {
    const bare = new Registry().add(...registry.components("source").filter(({ type }) => type !== "validated"), ...registry.components("sink"));
    expect(refusalOf("{ type: generator, jsonSchema: true }", { registry: bare })).toMatchObject([{ code: "SF_COMPONENT_UNKNOWN", location: { path: "source.jsonSchema" } }]);
  });

  it("sinks and stages have none", () => {
    expect(refusalOf("{ type: generator }\nstages: [{ type: filter, where: a, jsonSchema: true }]")).toMatchObject([{ message: 'unknown key "jsonSchema"' }]);
  });
});
