import { ManualClock, recordingLogger } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { Outage } from "./outage.ts";

it("says nothing of what lasts for a moment, one word of what lasts longer, and one when it is over", () => {
  const [clock, logger] = [new ManualClock(), recordingLogger()];
  const outage = new Outage({ clock, logger, what: "it" });
  expect(outage.failed(new Error("away"))).toBe(0);
  clock.advance(1_999);
  expect(outage.failed(new Error("away"))).toBe(1_999);
  outage.over();
  expect(logger.lines.length).toBe(0);
  outage.failed(new Error("away"));
  clock.advance(2_000);
  outage.failed(new Error("away"));
  outage.failed(new Error("away"));
  outage.over();
  outage.over();
  expect(logger.lines.map(({ level }) => level)).toEqual(["warn", "info"]);
});
