// The savepoint that `streamflow run --savepoint` takes: when the run ends, while nobody else can have gone on.
import { StreamFlowError, takeSavepoint, type RunOptions, type SavepointInfo } from "@streamflow/core";
import { keepSavepoint, type SavepointPlaces } from "./savepoint-target.ts";

/** The savepoint that a run takes when it ends. */
export class LastSavepoint {
  taken: SavepointInfo | undefined;
  readonly #target: string | undefined;
  readonly #pipeline: string;
  readonly #places: SavepointPlaces;

  constructor(target: string | undefined, pipeline: string, places: SavepointPlaces) {
    this.#target = target;
    this.#pipeline = pipeline;
    this.#places = places;
  }

  get options(): Pick<RunOptions, "atEnd"> {
    const [target, pipeline] = [this.#target, this.#pipeline];
    return target === undefined ? {} : { atEnd: async (committed) => void (this.taken = await keepSavepoint(target, await takeSavepoint({ ...this.#places, pipeline, committed }), this.#places)) };
  }

  /** Stopped between two attempts, a run has nothing to take. */
  check(): void {
    if (this.#target === undefined || this.taken !== undefined) return;
    throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `pipeline "${this.#pipeline}" was stopped before savepoint "${this.#target}" could be taken`, { hint: "take it of the stopped pipeline: streamflow savepoint create" });
  }
}
