// What a conformance suite is: plain data, so that any test runner can run it.
import assert from "node:assert/strict";
import { StreamFlowError, type AnyErrorCode } from "../../errors.ts";

/** One promise of a contract, as a check. */
export interface ConformanceCase {
  /** The clause that it proves, such as "CKP-4"; several cases may prove one clause. */
  readonly id: string;
  readonly name: string;
  /** The capability that it needs, where it needs one. */
  readonly requires?: string;
  /** Whether the harness declares that its subject lacks that capability. */
  readonly isSkipped: boolean;
  /** Throws an AssertionError where the subject breaks the promise. */
  run(this: void): Promise<void>;
}

/** The part of a test runner that {@link registerConformance} uses: `it` of Vitest, Jest and Mocha, `test` of node:test. */
export interface TestRegistrar {
  (name: string, run: () => Promise<void>): unknown;
  skip(name: string, run: () => Promise<void>): unknown;
}

/**
 * Registers every case with a test runner; cases whose capability is missing show as skipped.
 * @example
 * ```ts
 * // With Vitest: proven(it, harness).
 * export function proven(it: TestRegistrar, harness: CheckpointStoreHarness<unknown>): void {
 *   registerConformance(it, checkpointStoreConformance(harness));
 * }
 * ```
 */
export function registerConformance(it: TestRegistrar, cases: readonly ConformanceCase[]): void {
  for (const { id, name, requires, isSkipped, run } of cases) {
    if (isSkipped) it.skip(`${id} ${name} (needs: ${requires})`, run);
    else it(`${id} ${name}`, run);
  }
}

/** A capability, and whether the subject has it. */
export interface Requirement {
  readonly name: string;
  readonly isMet: boolean;
}

/** Collects the cases of a suite; each run gets a fresh trial, which is ended however the run ends. */
export class SuiteBuilder<Trial extends { end(): Promise<void> }> {
  readonly cases: ConformanceCase[] = [];
  readonly #begin: () => Promise<Trial>;

  constructor(begin: () => Promise<Trial>) {
    this.#begin = begin;
  }

  add(title: readonly [id: string, name: string], check: (trial: Trial) => Promise<void>, requirement?: Requirement): void {
    const run = async (): Promise<void> => {
      const trial = await this.#begin();
      try {
        await check(trial);
      } finally {
        await trial.end();
      }
    };
    const needs = requirement === undefined ? {} : { requires: requirement.name };
    this.cases.push({ id: title[0], name: title[1], ...needs, isSkipped: requirement?.isMet === false, run });
  }
}

/** Fails unless `work` rejects with a StreamFlowError of this code; answers the error. */
export async function mustFail(code: AnyErrorCode, work: () => unknown): Promise<StreamFlowError> {
  let answer: unknown;
  try {
    answer = await work();
  } catch (thrown) {
    assert.ok(StreamFlowError.is(thrown), `expected a StreamFlowError ${code}, got ${String(thrown)}`);
    assert.equal(thrown.code, code, `expected ${code}, got ${thrown.code}: ${thrown.message}`);
    return thrown;
  }
  return assert.fail(`expected ${code}, but the call succeeded with ${JSON.stringify(answer)}`);
}
