// One function per kind of configuration type, as a table: a kind that is added to the contract is missed by the compiler, not by a reader.
import type { ConfigType } from "@streamflow/core";

/** A configuration type by its kind. */
export type TypeOf<Kind extends ConfigType["kind"]> = Extract<ConfigType, { kind: Kind }>;

/** What to do with each kind. */
export type TypeCases<Result> = { readonly [Kind in ConfigType["kind"]]: (type: TypeOf<Kind>) => Result };

/** Does what the table says for the kind of a type. */
export function matchType<Result>(type: ConfigType, cases: TypeCases<Result>): Result {
  // The table pairs each kind with a function of that kind; TypeScript cannot follow the pairing through the index.
  const run = cases[type.kind] as (type: ConfigType) => Result;
  return run(type);
}
