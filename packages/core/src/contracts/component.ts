// Components by type name, described once: the same spec parses YAML, makes the JSON Schema and writes the reference docs.
import type { Capability } from "./capability.ts";
import type { DecoderFactory, EncoderFactory } from "./codec.ts";
import type { Environment } from "./environment.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";

/** What a configuration value may be. Durations accept "30s" in YAML and milliseconds in code; sizes accept "64MiB" and bytes. */
export type ConfigType =
  | { readonly kind: "string"; readonly oneOf?: readonly string[] }
  | { readonly kind: "integer"; readonly min?: number; readonly max?: number }
  | { readonly kind: "number"; readonly min?: number; readonly max?: number }
  | { readonly kind: "boolean" }
  /** Milliseconds after parsing. */
  | { readonly kind: "duration"; readonly minMs?: number }
  /** Bytes after parsing. */
  | { readonly kind: "size"; readonly minBytes?: number }
  /** Expression text in YAML; core's expression nodes after parsing. */
  | { readonly kind: "expression" }
  /** Aggregate call text such as `avg(delay)`; an aggregate node after parsing. */
  | { readonly kind: "aggregate" }
  /** A data type: `string`, `int64?`, `{ fields… }`; a DataType after parsing. */
  | { readonly kind: "schema" }
  | { readonly kind: "json" }
  | { readonly kind: "list"; readonly item: ConfigType; readonly min?: number }
  /** Any names, all of one type, order kept. */
  | { readonly kind: "map"; readonly value: ConfigType }
  | { readonly kind: "object"; readonly fields: Readonly<Record<string, ConfigField>> }
  /** Another component, by its `type`, with its own fields beside it (`format: { type: csv, header: true }`, or just `format: csv`); a ComponentReference after parsing. */
  | { readonly kind: "component"; readonly of: ComponentKind }
  /** The first type that fits; list unambiguous ones only. */
  | { readonly kind: "either"; readonly options: readonly ConfigType[] };

/** A named configuration value. */
export interface ConfigField {
  readonly type: ConfigType;
  /** One sentence: effect, unit, interplay. */
  readonly doc: string;
  readonly required?: boolean;
  /** Shown in the docs; applied by the parser. */
  readonly default?: string | number | boolean;
  /** Never echoed; may be read from a file or the environment. */
  readonly secret?: boolean;
}

/** What a component makes. */
export type ComponentKind = "source" | "stage" | "sink" | "decoder" | "encoder";

/** A stage as data: what the plan keeps. `config` holds plain values, expression nodes, aggregate nodes, and functions in typed code. */
export interface StageDescription {
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly id?: string;
}

/** What each kind of component makes. */
export interface ComponentProducts {
  readonly source: Source;
  readonly stage: StageDescription;
  readonly sink: Sink;
  readonly decoder: DecoderFactory;
  readonly encoder: EncoderFactory;
}

/** A component that pipelines may name. */
export interface ComponentSpec<Kind extends ComponentKind = ComponentKind> {
  readonly kind: Kind;
  readonly type: string;
  /** One sentence. */
  readonly summary: string;
  readonly fields: Readonly<Record<string, ConfigField>>;
  /** A YAML mapping that parses, shown in the docs. */
  readonly example: string;
  /** Checks across fields beyond their types: throws SF_CONFIG_INVALID. */
  create(config: Readonly<Record<string, unknown>>, context: ComponentContext): ComponentProducts[Kind];
  /** Whether it can be used in a process, and why not. Opens, loads and connects to nothing. @defaultValue enabled */
  capability?(environment: Environment): Capability;
}

/** A component that another one names, with its configuration parsed: what `context.component(kind, type, config)` makes. */
export interface ComponentReference {
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What `create` of a component may use. It opens nothing. */
export interface ComponentContext {
  /** Folder that relative paths are meant from. */
  readonly folder: string;
  component<Kind extends ComponentKind>(kind: Kind, type: string, config: Readonly<Record<string, unknown>>): ComponentProducts[Kind];
}
