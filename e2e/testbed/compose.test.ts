import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { services } from "./index.ts";
import { usualSettings } from "./kafka/settings.ts";

interface ComposeService {
  readonly image: string;
  readonly ports: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const compose = (parse(readFileSync(join(import.meta.dirname, "compose.yaml"), "utf8")) as { readonly services: Readonly<Record<string, ComposeService>> }).services;

it("has every service of the test bed, on 127.0.0.1 alone", () => {
  expect(Object.keys(compose).toSorted()).toEqual(services.map(({ name }) => name).toSorted());
  for (const { ports } of Object.values(compose)) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

it("runs the Kafka of pom.xml with the settings of the test bed", () => {
  const version = /kafka_2\.13<\/artifactId>\s*<version>([^<]+)/.exec(readFileSync(join(import.meta.dirname, "kafka/pom.xml"), "utf8"))?.[1];
  expect(compose["kafka"]?.image).toBe(`apache/kafka:${version}`);
  // As the image names them.
  const wanted = Object.fromEntries(Object.entries(usualSettings).map(([name, value]) => [`KAFKA_${name.replaceAll(".", "_").toUpperCase()}`, value]));
  expect(compose["kafka"]?.environment).toMatchObject(wanted);
});
