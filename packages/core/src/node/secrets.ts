// Secrets from the process's environment.
import { readFileSync } from "node:fs";
import type { Secrets } from "../contracts/environment.ts";
import { StreamFlowError } from "../errors.ts";

/** Options of {@link envSecrets}. */
export interface EnvSecretsOptions {
  /** The variables. @defaultValue `process.env` */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Told every value that is handed out, for example so that logs can hide it. */
  readonly onRead?: (value: string) => void;
}

/**
 * Reads secrets from environment variables.
 *
 * `get("TOKEN")` answers the variable TOKEN; where it is not set but TOKEN_FILE is, the contents of that file without its
 * last line break (as container platforms mount secrets). The file is read each time, so a rotated secret is seen.
 *
 * @throws {@link StreamFlowError} SF_SECRET_MISSING from `get`, when TOKEN_FILE names a file that cannot be read.
 */
export function envSecrets(options: EnvSecretsOptions = {}): Secrets {
  const variables = options.variables ?? process.env;
  // Objects inherit names such as "constructor", and process.env does too.
  const variable = (name: string): string | undefined => (Object.hasOwn(variables, name) ? variables[name] : undefined);
  return {
    get(name: string): string | undefined {
      const value = variable(name) ?? fromFile(name, variable(`${name}_FILE`));
      if (value !== undefined) options.onRead?.(value);
      return value;
    },
  };
}

function fromFile(name: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new StreamFlowError("SF_SECRET_MISSING", `the secret "${name}" cannot be read from "${path}", the file that ${name}_FILE names`, {
      cause,
      context: { name, path },
    });
  }
}
