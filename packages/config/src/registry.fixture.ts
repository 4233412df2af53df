// Components as connectors write them, without anything behind them: what the tests of this package parse against.
import { expressionType, Registry, StreamFlowError, t, type AnyOperatorDefinition, type ComponentKind, type ComponentSpec, type ConfigField, type Expression, type OperatorDefinition } from "@streamflow/core";

type Fields = Readonly<Record<string, ConfigField>>;

interface Given {
  readonly fields?: Fields;
  readonly example: string;
  readonly refuse?: (config: Readonly<Record<string, unknown>>) => void;
}

function spec<Kind extends ComponentKind>(kind: Kind, type: string, { fields = {}, example, refuse }: Given): ComponentSpec {
  const made = {
    kind,
    type,
    summary: `The ${kind} ${type}.`,
    fields,
    example,
    create: (config: Readonly<Record<string, unknown>>, context: { component: (kind: ComponentKind, type: string, config: never) => unknown }) => {
      refuse?.(config);
      const format = config["format"] as { type: string; config: never } | undefined;
      if (format !== undefined) context.component(kind === "source" ? "decoder" : "encoder", format.type, format.config);
      return { type, config };
    },
  };
  // Nothing here is ever opened.
  return made as unknown as ComponentSpec;
}

function operator(type: string, options: Partial<OperatorDefinition> = {}): AnyOperatorDefinition {
  const never = (): never => {
    throw new StreamFlowError("SF_INTERNAL", "not run by these tests");
  };
  const shape = { schema: undefined, key: undefined, time: false, changes: "insert" } as const;
  const outputs = Object.fromEntries(["main", ...(Array.isArray(options.outputs) ? (options.outputs as string[]) : [])].map((name) => [name, shape]));
  return { type, shape: () => ({ outputs, reads: [[]], forwards: true, deterministic: true, stateful: false, summary: type }), create: never, ...options };
}

const columns: Fields = {
  header: { type: { kind: "boolean" }, default: false, doc: "Whether the first line names the columns." },
  delimiter: { type: { kind: "string", oneOf: [",", ";", "tab"] }, default: ",", doc: "Between two values." },
};

/** A registry of components of every kind, with fields of every type. */
export function testRegistry(): Registry {
  return new Registry()
    .add(
      spec("source", "generator", {
        fields: {
          records: { type: { kind: "integer", min: 1, max: 1_000_000 }, default: 10, doc: "How many." },
          template: { type: { kind: "json" }, doc: "What each record is." },
          pause: { type: { kind: "duration" }, default: "10ms", doc: "Between two records." },
        }, example: "type: generator\nrecords: 5\ntemplate: { id: 1, tags: [a, b] }\n",
      }),
      spec("source", "file", {
        fields: {
          path: { type: { kind: "string" }, required: true, doc: "The file, relative to the pipeline's." },
          format: { type: { kind: "component", of: "decoder" }, required: true, doc: "What the file holds." },
          schema: { type: { kind: "schema" }, doc: "The type of a record." },
          eventTime: { type: { kind: "object", fields: { field: { type: { kind: "expression" }, required: true, doc: "When it happened." }, maxDelay: { type: { kind: "duration" }, default: "0ms", doc: "How much later it may come." } } }, doc: "Event time." },
        },
        example: "type: file\npath: orders.ndjson\nformat: { type: csv, header: true }\nschema: { id: int64, price: \"decimal(10, 2)\" }\neventTime: { field: ts, maxDelay: 5s }\n",
      }),
      spec("source", "http", {
        fields: {
          url: { type: { kind: "string" }, required: true, doc: "Where." },
          token: { type: { kind: "string" }, secret: true, doc: "Sent as the bearer token." },
          headers: { type: { kind: "map", value: { kind: "string" } }, doc: "Sent along." },
          retries: { type: { kind: "integer", min: 0 }, default: 3, doc: "How often again." },
        },
        example: "type: http\nurl: http://localhost:8080/in\ntoken: ${TOKEN}\nheaders: { accept: application/json }\n",
      }),
      spec("source", "validated", {
        fields: {
          source: { type: { kind: "component", of: "source" }, required: true, doc: "Which records." },
          jsonSchema: { type: { kind: "json" }, required: true, doc: "What they must satisfy." },
        },
        example: "type: validated\nsource: { type: generator }\njsonSchema: { required: [id] }\n",
      }),
      spec("stage", "filter", { fields: { where: { type: { kind: "expression" }, required: true, doc: "What stays." } }, example: "type: filter\nwhere: amount > 5\n" }),
      spec("stage", "map", { fields: { set: { type: { kind: "map", value: { kind: "expression" } }, required: true, doc: "Fields and their values." } }, example: "type: map\nset: { total: price }\n" }),
      spec("stage", "window", {
        fields: {
          size: { type: { kind: "duration", minMs: 1 }, required: true, doc: "How long a window is." },
          slide: { type: { kind: "duration", minMs: 1 }, doc: "From one start to the next." },
          by: { type: { kind: "either", options: [{ kind: "string" }, { kind: "list", item: { kind: "string" }, min: 1 }] }, doc: "Key fields." },
          aggregates: { type: { kind: "map", value: { kind: "aggregate" } }, required: true, doc: "What is counted." },
          lateness: { type: { kind: "string", oneOf: ["drop", "output", "update"] }, default: "drop", doc: "What happens to late records." },
        },
        example: "type: window\nsize: 1m\nby: [route]\naggregates: { n: count() }\n",
        refuse: ({ size, slide }) => {
          if (typeof slide === "number" && slide > (size as number)) throw new StreamFlowError("SF_CONFIG_INVALID", `slide must be at most size, got ${slide} ms`, { hint: "hopping windows leave gaps" });
        },
      }),
      spec("stage", "join", { fields: { on: { type: { kind: "list", item: { kind: "string" }, min: 1 }, required: true, doc: "Fields that are equal." } }, example: "type: join\nleft: orders\nright: payments\non: [id]\n" }),
      spec("stage", "sample", { fields: { rate: { type: { kind: "number", min: 0, max: 1 }, required: true, doc: "Share that stays." } }, example: "type: sample\nrate: 0.1\n" }),
      spec("stage", "check", { fields: { where: { type: { kind: "expression" }, required: true, doc: "Of records with an id and a name." } }, example: "type: check\nwhere: id > 5\n" }),
      spec("stage", "keep", { example: "type: keep\n" }),
      spec("sink", "memory", { example: "type: memory\n" }),
      spec("sink", "database", {
        fields: {
          url: { type: { kind: "string" }, required: true, secret: true, doc: "Where, with user and password." },
          table: { type: { kind: "string" }, required: true, doc: "Which table." },
          batch: { type: { kind: "integer", min: 1, max: 10_000 }, default: 500, doc: "Rows per statement." },
          buffer: { type: { kind: "size", minBytes: 1024 }, default: "1MiB", doc: "Bytes in flight." },
        },
        example: "type: database\nurl: ${DATABASE_URL}\ntable: totals\nbuffer: 64KiB\n",
        refuse: ({ url }) => {
          if (!String(url).startsWith("postgres://")) throw new StreamFlowError("SF_CONFIG_INVALID", `cannot use "${url}", nor ${encodeURIComponent(String(url))}, nor ${JSON.stringify({ url })}`);
        },
      }),
      spec("sink", "file", {
        fields: { path: { type: { kind: "string" }, required: true, doc: "Where." }, format: { type: { kind: "component", of: "encoder" }, required: true, doc: "As what." } },
        example: "type: file\npath: out.csv\nformat: csv\n",
      }),
      spec("decoder", "json", { example: "type: json\n" }),
      spec("decoder", "csv", { fields: columns, example: "type: csv\nheader: true\n" }),
      spec("encoder", "json", { example: "type: json\n" }),
      spec("encoder", "csv", { fields: columns, example: 'type: csv\ndelimiter: ";"\n' }),
    )
    .addOperators(
      operator("filter"),
      operator("map"),
      operator("sample", {
        shape: () => {
          throw new StreamFlowError("SF_PLAN_INVALID", "needs a numeric field", { hint: "put a map before it" });
        },
      }),
      operator("check", {
        shape: ({ where }: { readonly where: Expression }, [main], { functions }) => {
          expressionType(where, { schema: t.struct({ id: t.int32(), name: t.string() }), functions });
          return { outputs: { main: main! }, reads: [[]], forwards: true, deterministic: true, stateful: false, summary: "check" };
        },
      } as Partial<OperatorDefinition>),
      operator("keep", {
        shape: () => ({
          outputs: { main: { schema: undefined, key: undefined, time: false, changes: "insert" } }, reads: [[]], forwards: true,
          deterministic: true, stateful: true, unboundedState: "it keeps every record", summary: "keep",
        }),
      }),
      operator("window", { outputs: ["main", "late"] }),
      operator("join", { inputs: ["left", "right"] }),
    );
}

