// From an operator definition and its configuration to what users and plans hold.
import { type ComponentContext, type ComponentSpec, type ConfigField, operatorStage, type OperatorDefinition, type Shape, type Stage, type StageDescription } from "@streamflow/core";

/** What every stage may be given besides its own options. */
export interface StageOptions {
  /** Stable name of the node in the plan; required where the stage keeps state that an upgrade should find again. @defaultValue made from type and place */
  readonly id?: string;
}

/** Makes the stage of an operator. */
export function stageOf<In, Out, Config extends object>(definition: OperatorDefinition<Config>, config: Config, options: StageOptions = {}): Stage<In, Out> {
  const description: StageDescription = {
    type: definition.type,
    config: present(config),
    ...(options.id === undefined ? {} : { id: options.id }),
  };
  return operatorStage<In, Out>(definition, description);
}

/** Without entries that are undefined: equal configurations are equal data. */
function present(config: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/** What a stage's component spec is made of. */
export interface StageSpecParts {
  readonly type: string;
  readonly summary: string;
  readonly fields: Readonly<Record<string, ConfigField>>;
  readonly example: string;
  /** From the parsed YAML mapping to the operator's configuration; components inside it are made through `context.component`. @defaultValue as it is */
  readonly config?: (parsed: Readonly<Record<string, unknown>>, context: ComponentContext) => object;
}

/** The component spec of a stage. Defaults are left out, as typed code leaves them out: equal stages have equal configurations. */
export function stageSpec(parts: StageSpecParts): ComponentSpec<"stage"> {
  const { config, ...rest } = parts;
  return {
    ...rest,
    kind: "stage",
    create(parsed, context) {
      const given = Object.fromEntries(Object.entries(parsed).filter(([name, value]) => value !== parts.fields[name]?.default));
      return { type: parts.type, config: present(config?.(given, context) ?? given) };
    },
  };
}

/** What is known of an input that nothing is known of. */
export const unknownShape: Shape = { schema: undefined, key: undefined, time: false, changes: "insert" };
