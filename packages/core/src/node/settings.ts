// Switches from the process's environment.
import type { Settings } from "../contracts/environment.ts";

/**
 * Reads switches from variables. They are no secrets: nothing of them is hidden in the log.
 *
 * @param variables Usually `process.env`; read each time.
 */
export function envSettings(variables: Readonly<Record<string, string | undefined>>): Settings {
  // Objects inherit names such as "constructor", and process.env does too.
  return { get: (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined) };
}
