// A pipeline as it was written: plain data, checked, nothing made yet.
import type { ComponentSpec, ConfigField, PipelineConfig, SourceLocation } from "@streamflow/core";
import type { Problems } from "./problems.ts";

/** An input of a node: which output of which node it reads. */
export interface InputSpec {
  /** "main", or a named input such as "left". */
  readonly input: string;
  readonly node: string;
  readonly output: string;
  readonly location: SourceLocation;
}

/** A source, stage or sink, with its configuration parsed. */
export interface NodeSpec {
  readonly id: string;
  /** Whether the text gives the id. */
  readonly named: boolean;
  readonly kind: "source" | "stage" | "sink";
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly InputSpec[];
  readonly location: SourceLocation;
}

/** A pipeline, in the order of the text: sources, stages, sinks. It may hold secrets: never log it. */
export interface PipelineSpec {
  readonly config: PipelineConfig;
  readonly nodes: readonly NodeSpec[];
  /** Where relative paths are meant from. */
  readonly folder: string;
}

/** The kinds of entries, in the order of the text. */
export const entryKinds = [
  { kind: "source", key: "sources" },
  { kind: "stage", key: "stages" },
  { kind: "sink", key: "sinks" },
] as const;

/** The fields at the top of a document besides sources, stages and sinks. */
export const pipelineFields: Readonly<Record<string, ConfigField>> = {
  name: { type: { kind: "string" }, required: true, doc: "Name of the pipeline, unique in its data folder: letters, digits, _ and -, starting with a letter." },
  batch: {
    doc: "When a batch is cut; whatever is reached first.",
    type: {
      kind: "object",
      fields: {
        maxRecords: { type: { kind: "integer", min: 1 }, doc: "Records of a batch at most." },
        maxBytes: { type: { kind: "size", minBytes: 1 }, doc: "Bytes of a batch at most." },
        maxDelay: { type: { kind: "duration" }, doc: "How long the first record of a batch waits for others." },
      },
    },
  },
  checkpoint: {
    doc: "When progress and state become durable.",
    type: {
      kind: "object",
      fields: {
        every: { type: { kind: "duration", minMs: 1 }, doc: "Time between two checkpoints; a crash repeats at most the work of one interval. 1s where it is not given." },
        mode: { type: { kind: "string", oneOf: ["sync", "async"] }, doc: "sync waits until it is durable; async copies between batches and writes behind. async where it is not given." },
        keep: { type: { kind: "integer", min: 1 }, doc: "How many checkpoints are kept, besides those that a sink may still need. 3 where it is not given." },
      },
    },
  },
  restart: {
    doc: "How the pipeline is started again after a failure.",
    type: {
      kind: "object",
      fields: {
        maxRestarts: { type: { kind: "integer", min: 0 }, doc: "Failures within the window that are forgiven. 10 where it is not given." },
        window: { type: { kind: "duration", minMs: 1 }, doc: "Time over which failures are counted. 10m where it is not given." },
        initialDelay: { type: { kind: "duration" }, doc: "Wait before the first restart; doubles with each, with jitter. 200ms where it is not given." },
        maxDelay: { type: { kind: "duration" }, doc: "Longest wait before a restart. 30s where it is not given." },
      },
    },
  },
  deadLetters: {
    doc: "What happens to a record that cannot be processed.",
    type: {
      kind: "object",
      fields: {
        onReject: { type: { kind: "string", oneOf: ["keep", "fail"] }, doc: "keep puts it with the dead letters and goes on; fail ends the pipeline. keep where it is not given." },
        maxRejected: { type: { kind: "integer", min: 0 }, doc: "More rejected records than this since the start fail the pipeline; restarts do not begin again." },
        maxBytes: { type: { kind: "size" }, doc: "Original bytes kept of each. 64KiB where it is not given." },
      },
    },
  },
  delivery: {
    doc: "Which sinks an epoch waits for; what the others lack is kept in the checkpoints, and sent as soon as they take it.",
    type: {
      kind: "object",
      fields: {
        commitPolicy: { type: { kind: "string", oneOf: ["required", "all", "quorum"] }, doc: "required waits for the required sinks, all for every sink, quorum for so many, whichever. required where it is not given." },
        required: { type: { kind: "list", item: { kind: "string" }, min: 1 }, doc: "Ids of the sinks that are required. All where it is not given." },
        quorum: { type: { kind: "integer", min: 1 }, doc: "How many sinks the policy quorum waits for." },
        maxBacklogBytes: { type: { kind: "size", minBytes: 1 }, doc: "Output that may wait for one sink; beyond, the pipeline waits for it too. 64MiB where it is not given." },
      },
    },
  },
  unboundedState: { type: { kind: "boolean" }, doc: "Allows state that can grow for ever." },
  parallelism: { type: { kind: "integer", min: 1, max: 256 }, doc: "How many threads read each source that several can read. Results and checkpoints do not depend on it. 1 where it is not given." },
  maxDrift: { type: { kind: "duration", minMs: 1 }, doc: "Sources further ahead in event time than this are held." },
};

/** Fields of the text whose name in `PipelineConfig` says the unit. */
const unitNames: Readonly<Record<string, string>> = {
  maxDelay: "maxDelayMs",
  every: "everyMs",
  window: "windowMs",
  initialDelay: "initialDelayMs",
  maxDrift: "maxDriftMs",
};

/** Turns the parsed fields of the text into a `PipelineConfig`. */
export function toPipelineConfig(fields: Readonly<Record<string, unknown>>): PipelineConfig {
  const renamed = Object.entries(fields).map(([name, value]) => [unitNames[name] ?? name, isFields(value) ? toPipelineConfig(value) : value]);
  // Checked against pipelineFields, whose types are those of PipelineConfig.
  return Object.fromEntries(renamed) as PipelineConfig;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The component that checks the records of any other source against a JSON Schema. */
export const validatedType = "validated";

/** Fields that every source may have besides its own: they wrap it in another component. A source's own field of that name takes its place. */
export const sourceFields: Readonly<Record<string, ConfigField>> = {
  jsonSchema: {
    type: { kind: "json" },
    doc: "JSON Schema (draft 2020-12, 2019-09 or draft-07) that each record must satisfy; one that does not goes to the dead letters with the path and the rule. `${file:order.schema.json}` takes it from a file.",
  },
};

/** Fields of an entry that belong to the pipeline, not to the component. */
export const entryFields: ReadonlySet<string> = new Set(["type", "id", "from"]);

/** A parsed spec's origin: kept aside, since the spec itself is plain data. */
const origins = new WeakMap<PipelineSpec, Problems>();

/** Remembers the file and the secrets of a spec. */
export function keepOrigin(spec: PipelineSpec, problems: Problems): PipelineSpec {
  origins.set(spec, problems);
  return spec;
}

/** File and secrets of a spec that this process has parsed. */
export function originOf(spec: PipelineSpec): Problems | undefined {
  return origins.get(spec);
}

/** Replaces in a text every secret that parsing the spec has met: for messages of others about it. */
export function redactSecrets(spec: PipelineSpec, text: string): string {
  return origins.get(spec)?.secrets.redact(text) ?? text;
}

/** A component of a kind that entries may have. */
export type EntrySpec = ComponentSpec<"source" | "stage" | "sink">;
