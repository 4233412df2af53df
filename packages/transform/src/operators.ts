// The table of all operators: type name -> component spec (what YAML says) and definition (what runs).
import { type AnyOperatorDefinition, type ComponentSpec, eventTimeOperator } from "@streamflow/core";
import { aggregateOperator, aggregateSpec } from "./aggregate.ts";
import { eventTimeSpec } from "./event-time.ts";
import { filterOperator, filterSpec } from "./filter.ts";
import { flatMapOperator, flatMapSpec } from "./flat-map.ts";
import { windowJoinOperator, windowJoinSpec } from "./join.ts";
import { keyByOperator, keyBySpec } from "./key-by.ts";
import { lookupOperator, lookupSpec } from "./lookup.ts";
import { mapAsyncOperator } from "./map-async.ts";
import { mapOperator, mapSpec } from "./map.ts";
import { projectOperator, projectSpec } from "./project.ts";
import { reduceOperator } from "./reduce.ts";
import { splitOperator, splitSpec } from "./split.ts";
import { streamJoinOperator, streamJoinSpec } from "./stream-join.ts";
import { unionOperator, unionSpec } from "./union.ts";
import { windowOperator } from "./window.ts";
import { windowSpec } from "./windows/window-spec.ts";

/** What YAML may name, in the order of the documents. Give it to `Registry.add`. */
export const transformComponents: readonly ComponentSpec<"stage">[] = [
  eventTimeSpec,
  mapSpec,
  filterSpec,
  flatMapSpec,
  projectSpec,
  keyBySpec,
  windowSpec,
  aggregateSpec,
  windowJoinSpec,
  streamJoinSpec,
  lookupSpec,
  splitSpec,
  unionSpec,
];

/** What these stages run, and `mapAsync` and `reduce`, whose functions only code can give. Give it to `Registry.addOperators`. */
export const transformOperators: readonly AnyOperatorDefinition[] = [
  eventTimeOperator,
  mapOperator,
  mapAsyncOperator,
  filterOperator,
  flatMapOperator,
  projectOperator,
  keyByOperator,
  windowOperator,
  aggregateOperator,
  reduceOperator,
  windowJoinOperator,
  streamJoinOperator,
  lookupOperator,
  splitOperator,
  unionOperator,
];
