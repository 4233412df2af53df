// What operators load before the first record: bounded sources, each read once for all partitions.
import type { Environment } from "../contracts/environment.ts";
import type { PollLimits, Source } from "../contracts/source.ts";
import type { OperatorInstance } from "./instance.ts";
import { readAll } from "./read-all.ts";

/** What reading needs. */
export interface LookupsParts {
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly limits: PollLimits;
}

/** Opens operators, and keeps what they have loaded. */
export class Lookups {
  readonly #parts: LookupsParts;
  readonly #values = new Map<unknown, Promise<readonly unknown[]>>();

  constructor(parts: LookupsParts) {
    this.#parts = parts;
  }

  /** Lets operators load what they need (OPR-5). */
  async open(instances: readonly OperatorInstance[]): Promise<void> {
    for (const instance of instances) {
      await instance.operator.open?.({
        storedVersion: instance.version,
        keepVersion: (version) => {
          instance.version = version;
        },
        readAll: (source, visit) => this.#read(instance.node, source as Source, visit),
      });
    }
  }

  async #read(node: string, source: Source, visit: (value: unknown) => void): Promise<void> {
    let loading = this.#values.get(source);
    if (loading === undefined) {
      const values: unknown[] = [];
      loading = readAll(source, (value) => values.push(value), { node, ...this.#parts }).then(() => values);
      this.#values.set(source, loading);
    }
    for (const value of await loading) visit(value);
  }
}
