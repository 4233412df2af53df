// Components and operators by type name. An object that is passed; never a global, never filled by an import.
import type { ComponentKind, ComponentSpec } from "./contracts/component.ts";
import type { ExpressionFunction, FunctionTable, OperatorDefinition } from "./contracts/operator.ts";
import { StreamFlowError } from "./errors.ts";
import { nearest } from "./nearest.ts";

/** An operator definition whose configuration type is known only to itself. */
export type AnyOperatorDefinition = OperatorDefinition<never>;

/** A set of components, operators and expression functions. */
export class Registry {
  readonly #components = new Map<string, ComponentSpec>();
  readonly #operators = new Map<string, AnyOperatorDefinition>();
  readonly #functions = new Map<string, ExpressionFunction>();

  /**
   * Adds components. Answers the registry, for chaining.
   * @throws {@link StreamFlowError} SF_COMPONENT_DUPLICATE when kind and type are taken.
   */
  add(...specs: readonly ComponentSpec[]): this {
    for (const spec of specs) put(this.#components, `${spec.kind} ${spec.type}`, spec);
    return this;
  }

  /** Adds operator definitions: what stages of a type run. */
  addOperators(...definitions: readonly AnyOperatorDefinition[]): this {
    for (const definition of definitions) put(this.#operators, definition.type, definition);
    return this;
  }

  /** Adds functions for expressions. */
  addFunctions(...functions: readonly ExpressionFunction[]): this {
    for (const fn of functions) put(this.#functions, fn.name, fn);
    return this;
  }

  /** @throws {@link StreamFlowError} SF_COMPONENT_UNKNOWN, with the nearest known name as the hint. */
  component<Kind extends ComponentKind>(kind: Kind, type: string): ComponentSpec<Kind> {
    const spec = this.#components.get(`${kind} ${type}`);
    if (spec === undefined) throw unknown(kind, type, this.components(kind).map((s) => s.type));
    return spec as unknown as ComponentSpec<Kind>;
  }

  /** All components of a kind, sorted by type. */
  components<Kind extends ComponentKind>(kind: Kind): readonly ComponentSpec<Kind>[] {
    const found = [...this.#components.values()].filter((spec) => spec.kind === kind) as unknown as ComponentSpec<Kind>[];
    return found.sort((a, b) => (a.type < b.type ? -1 : 1));
  }

  /** @throws {@link StreamFlowError} SF_COMPONENT_UNKNOWN. */
  operator(type: string): AnyOperatorDefinition {
    const found = this.#operators.get(type);
    if (found === undefined) throw unknown("operator", type, [...this.#operators.keys()]);
    return found;
  }

  operators(): readonly AnyOperatorDefinition[] {
    return [...this.#operators.values()];
  }

  /** The functions that expressions may call. */
  get functions(): FunctionTable {
    const functions = this.#functions;
    return { get: (name) => functions.get(name), names: () => [...functions.keys()].sort() };
  }
}

function put<V>(map: Map<string, V>, name: string, value: V): void {
  const known = map.get(name);
  if (known === value) return;
  if (known !== undefined) throw new StreamFlowError("SF_COMPONENT_DUPLICATE", `"${name}" is already registered`);
  map.set(name, value);
}

function unknown(kind: string, type: string, known: readonly string[]): StreamFlowError {
  const near = nearest(type, known);
  const hint = near === undefined ? `known: ${[...known].sort().join(", ") || "none"}` : `did you mean "${near}"?`;
  return new StreamFlowError("SF_COMPONENT_UNKNOWN", `no ${kind} of type "${type}" is registered`, { hint });
}
