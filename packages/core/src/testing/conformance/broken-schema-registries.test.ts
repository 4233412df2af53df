// Proves that the cases of schema registries can fail: each fake here breaks one promise, and the case of that promise must notice.
import { describe, expect, it } from "vitest";
import type { CompatibilityMode, SchemaText } from "../../contracts/schema-registry.ts";
import { StreamFlowError } from "../../errors.ts";
import { fewAvroRules } from "../avro-rules.fixture.ts";
import { MemorySchemaRegistry, MemorySchemaStorage } from "../memory-schema-registry.ts";
import { failing } from "./failing.fixture.ts";
import { schemaRegistryConformance } from "./schema-registry.ts";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const broken: readonly (readonly [id: string, what: string, Registry: new (storage: MemorySchemaStorage, rules: typeof fewAvroRules) => MemorySchemaRegistry])[] = [
  ["SRG-1", "a repeat is judged again", class extends MemorySchemaRegistry {
    override async register(subject: string, schema: SchemaText) {
      const problems = (await this.versions(subject)).length > 1 ? await super.check(subject, { ...schema, text: `${schema.text.slice(0, -1)},"doc":""}` }) : [];
      if (problems.length > 0) throw new StreamFlowError("SF_SCHEMA_INCOMPATIBLE", "again");
      return super.register(subject, schema);
    }
  }],
  ["SRG-1", "references are left out of the comparison", class extends MemorySchemaRegistry {
    override register(subject: string, { format, text }: SchemaText) {
      return super.register(subject, { format, text });
    }
  }],
  ["SRG-1", "versions count from 0", class extends MemorySchemaRegistry {
    override async register(subject: string, schema: SchemaText) {
      const made = await super.register(subject, schema);
      return { ...made, version: made.version - 1 };
    }
  }],
  ["SRG-2", "an id belongs to a subject's version", class extends MemorySchemaRegistry {
    override async register(subject: string, schema: SchemaText) {
      const made = await super.register(subject, schema);
      return { ...made, id: made.id * 100 + subject.charCodeAt(0) };
    }
  }],
  ["SRG-3", "an unknown version is the latest", class extends MemorySchemaRegistry {
    override async version(subject: string, version: number) {
      return (await super.version(subject, version)) ?? (await super.version(subject, (await super.versions(subject)).length));
    }
  }],
  ["SRG-3", "the text is tidied", class extends MemorySchemaRegistry {
    override register(subject: string, schema: SchemaText) {
      return super.register(subject, { ...schema, text: schema.text.trim() });
    }
  }],
  ["SRG-4", "subjects are sorted as people do", class extends MemorySchemaRegistry {
    override async subjects() {
      return [...(await super.subjects())].sort((a, b) => a.localeCompare(b));
    }
  }],
  ["SRG-5", "a refusal says only that it is one", class extends MemorySchemaRegistry {
    override async register(subject: string, schema: SchemaText) {
      return super.register(subject, schema).catch((error: unknown) => {
        throw StreamFlowError.is(error, "SF_SCHEMA_INCOMPATIBLE") ? new StreamFlowError("SF_SCHEMA_INCOMPATIBLE", `subject "${subject}"`) : error;
      });
    }
  }],
  ["SRG-6", "forward and backward are mixed up", class extends MemorySchemaRegistry {
    override setMode(subject: string, mode: CompatibilityMode) {
      return super.setMode(subject, (mode.startsWith("forward") ? mode.replace("forward", "backward") : mode.replace("backward", "forward")) as CompatibilityMode);
    }
  }],
  ["SRG-6", "transitive is not", class extends MemorySchemaRegistry {
    override setMode(subject: string, mode: CompatibilityMode) {
      return super.setMode(subject, mode.replace("-transitive", "") as CompatibilityMode);
    }
  }],
  ["SRG-6", "check registers (SRG-7)", class extends MemorySchemaRegistry {
    override async check(subject: string, schema: SchemaText) {
      const problems = await super.check(subject, schema);
      if (problems.length === 0) await super.register(subject, schema);
      return problems;
    }
  }],
  ["SRG-8", "a new subject takes everything", class extends MemorySchemaRegistry {
    override async register(subject: string, schema: SchemaText) {
      if ((await this.versions(subject)).length === 0) await this.setMode(subject, "none");
      return super.register(subject, schema);
    }
  }],
  ["SRG-9", "what is judged is what was there a moment before", class extends MemorySchemaRegistry {
    override async register(subject: string, schema: SchemaText) {
      const problems = await super.check(subject, schema);
      await turn();
      if (problems.length > 0) throw new StreamFlowError("SF_SCHEMA_INCOMPATIBLE", "no");
      await super.setMode(subject, "none");
      return super.register(subject, schema);
    }
  }],
  ["SRG-10", "texts are not read", class extends MemorySchemaRegistry {
    constructor(storage: MemorySchemaStorage) {
      super(storage, { canonical: ({ text }) => text, problems: () => [] });
    }
  }],
  ["SRG-11", "nothing is kept", class extends MemorySchemaRegistry {
    constructor(_storage: MemorySchemaStorage, rules: typeof fewAvroRules) {
      super(new MemorySchemaStorage(), rules);
    }
  }],
  ["SRG-11", "a failure is remembered as an answer", class extends MemorySchemaRegistry {
    readonly #absent = new Set<string>();
    override async latest(subject: string) {
      if (this.#absent.has(subject)) return undefined;
      return super.latest(subject).catch((error: unknown) => {
        this.#absent.add(subject);
        throw error;
      });
    }
  }],
];

describe("broken schema registries", () => {
  it.each(broken)("%s: %s", async (id, _what, Registry) => {
    const cases = schemaRegistryConformance<MemorySchemaStorage>({
      create: () => new MemorySchemaStorage(),
      open: (storage) => new Registry(storage, fewAvroRules),
      reach: (storage, isReachable) => void (storage.isReachable = isReachable),
    });
    expect(await failing(cases, id)).toContain(id);
  });
});
