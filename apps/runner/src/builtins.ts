// Every connector, operator and function of StreamFlow: the only file that names them all.
import { regexFunctions } from "@streamflow/config";
import { Registry, standardFunctions } from "@streamflow/core";
import { ingestComponents } from "@streamflow/ingest";
import { routeOperator, sinkComponents } from "@streamflow/sink";
import { transformComponents, transformOperators } from "@streamflow/transform";

/** Makes a registry with everything that is built in. Add your own components to it. */
export function builtinRegistry(): Registry {
  return new Registry()
    .add(...ingestComponents, ...transformComponents, ...sinkComponents)
    .addOperators(...transformOperators, routeOperator)
    .addFunctions(...standardFunctions, ...regexFunctions);
}
