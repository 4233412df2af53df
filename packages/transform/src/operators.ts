// The table of all operators: type name -> component spec (what YAML says) and definition (what runs).
import type { AnyOperatorDefinition, ComponentSpec } from "@streamflow/core";
import { filterOperator, filterSpec } from "./filter.ts";
import { flatMapOperator, flatMapSpec } from "./flat-map.ts";
import { keyByOperator, keyBySpec } from "./key-by.ts";
import { mapOperator, mapSpec } from "./map.ts";
import { projectOperator, projectSpec } from "./project.ts";
import { splitOperator, splitSpec } from "./split.ts";
import { unionOperator, unionSpec } from "./union.ts";

/** What YAML may name, in the order of the documents. Give it to `Registry.add`. */
export const transformComponents: readonly ComponentSpec<"stage">[] = [mapSpec, filterSpec, flatMapSpec, projectSpec, keyBySpec, unionSpec, splitSpec];

/** What these stages run. Give it to `Registry.addOperators`. */
export const transformOperators: readonly AnyOperatorDefinition[] = [mapOperator, filterOperator, flatMapOperator, projectOperator, keyByOperator, unionOperator, splitOperator];
