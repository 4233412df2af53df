// docs/kafka.md is what the code says: options of the component, capabilities of the drivers.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ingestComponents } from "../components.ts";
import { kafkaJsCapabilities } from "./kafkajs-consumer.ts";
import { wireCapabilities } from "./wire-consumer.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/kafka.md"), "utf8");

it("has every option of the source, with its default", () => {
  const { fields = {} } = ingestComponents.find(({ type }) => type === "kafka_consumer") ?? {};
  const rows = Object.entries(fields).map(([name, { doc, default: usual }]) => `| \`${name}\` | ${usual === undefined ? "" : `\`${String(usual)}\``} | ${doc} |`);
  const found = page.split("\n").filter((line) => /^\| `\w+` \|/.test(line));
  expect(found).toEqual(rows);
});

it("says what each driver can do", () => {
  const drivers = [wireCapabilities, kafkaJsCapabilities];
  const yes = (is: boolean): string => (is ? "yes" : "no");
  expect(page).toContain(`| a partition is let go before another member has it | ${drivers.map(({ handover }) => yes(handover === "before")).join(" | ")} |`);
  expect(page).toContain(`| a rebalance leaves alone what stays where it is | ${drivers.map(({ incremental }) => yes(incremental)).join(" | ")} |`);
  expect(page).toContain(`| offsets are committed under the epoch of the member | ${drivers.map(({ fencesByGeneration }) => yes(fencesByGeneration)).join(" | ")} |`);
});
