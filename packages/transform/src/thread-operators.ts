// The operators that threads run which add up what they have decoded (docs/adr/0007): loaded there by its name, never imported.
// Deliberately not here: what calls functions of users, and what keeps state that is no sum.
import type { AnyOperatorDefinition, OperatorDefinition } from "@streamflow/core";
import { filterOperator } from "./filter.ts";
import { keyByOperator } from "./key-by.ts";
import { mapOperator } from "./map.ts";
import { projectOperator } from "./project.ts";
import { type WindowConfig, windowOperator } from "./window.ts";
import { AlignedWindows } from "./windows/assigners.ts";

/** A copy of windows has no methods any more. */
function revived(config: WindowConfig): WindowConfig {
  const { kind, sizeMs, slideMs, offsetMs } = config.window as AlignedWindows;
  return { ...config, window: new AlignedWindows(kind, { sizeMs, slideMs, offsetMs }) };
}

const windowCopy: OperatorDefinition<WindowConfig> = {
  ...windowOperator,
  shape: (config, inputs, context) => windowOperator.shape(revived(config), inputs, context),
  create: (config, context) => windowOperator.create(revived(config), context),
};

/** By their types. */
export const threadOperators: readonly AnyOperatorDefinition[] = [filterOperator, keyByOperator, mapOperator, projectOperator, windowCopy];
