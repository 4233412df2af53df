// Programs of studies run from source in tests: nothing needs to be built.
import { afterEach, beforeEach } from "vitest";

/** Lets the processes that tests start see the packages' sources. */
export function withSources(): void {
  const before = process.env["NODE_OPTIONS"];
  beforeEach(() => {
    process.env["NODE_OPTIONS"] = `${before ?? ""} --conditions=streamflow-source`;
  });
  afterEach(() => {
    if (before === undefined) delete process.env["NODE_OPTIONS"];
    else process.env["NODE_OPTIONS"] = before;
  });
}
