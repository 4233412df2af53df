// Named exports only.
export { filter, filterOperator } from "./filter.ts";
export type { FilterConfig } from "./filter.ts";
export { flatMap, flatMapOperator } from "./flat-map.ts";
export type { FlatMapConfig, FlatMapOptions } from "./flat-map.ts";
export { keyBy, keyByOperator } from "./key-by.ts";
export type { KeyByConfig, KeyByOptions, KeyOf } from "./key-by.ts";
export { map, mapOperator } from "./map.ts";
export type { MapConfig, MapOptions } from "./map.ts";
export type { StageOptions } from "./operator-stage.ts";
export { transformComponents, transformOperators } from "./operators.ts";
export { project, projectOperator } from "./project.ts";
export type { ComputedValue, ProjectConfig } from "./project.ts";
export { split, splitOperator } from "./split.ts";
export type { SplitConfig, SplitOptions } from "./split.ts";
export { union, unionOperator } from "./union.ts";
export type { UnionConfig } from "./union.ts";
