import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { registerConformance } from "../testing/conformance/case.ts";
import { secretsConformance } from "../testing/conformance/secrets.ts";
import { envSecrets } from "./secrets.ts";

let folder = "";
beforeEach(async () => void (folder = await mkdtemp(`${tmpdir()}/streamflow-secrets-`)));
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("secrets from the environment", () => {
  it("SEC-1: answers a variable, the empty one too, and undefined for an unknown name", () => {
    const secrets = envSecrets({ variables: { TOKEN: "abc", EMPTY: "" } });
    expect([secrets.get("TOKEN"), secrets.get("EMPTY"), secrets.get("OTHER")]).toEqual(["abc", "", undefined]);
  });

  it("reads the file that NAME_FILE names, without its last line break, each time", async () => {
    await writeFile(`${folder}/token`, "abc\ndef\r\n");
    const secrets = envSecrets({ variables: { TOKEN_FILE: `${folder}/token` } });
    expect(secrets.get("TOKEN")).toBe("abc\ndef");
    await writeFile(`${folder}/token`, "rotated");
    expect(secrets.get("TOKEN")).toBe("rotated");
  });

  it("the variable wins over the file", () => {
    expect(envSecrets({ variables: { TOKEN: "abc", TOKEN_FILE: "/none" } }).get("TOKEN")).toBe("abc");
  });

  it("a file that cannot be read is SF_SECRET_MISSING, and named", () => {
    const secrets = envSecrets({ variables: { TOKEN_FILE: `${folder}/none` } });
    expect(() => secrets.get("TOKEN")).toThrow(expect.objectContaining({ code: "SF_SECRET_MISSING", message: expect.stringContaining(`${folder}/none`) }));
  });

  it("tells who asked to hear of values that are handed out", () => {
    const heard: string[] = [];
    const secrets = envSecrets({ variables: { TOKEN: "abc" }, onRead: (value) => void heard.push(value) });
    secrets.get("TOKEN");
    secrets.get("OTHER");
    expect(heard).toEqual(["abc"]);
  });
});

describe("the promises of secrets", () => {
  registerConformance(it, secretsConformance({ create: (variables) => envSecrets({ variables }) }));

  describe("in files", () => {
    registerConformance(
      it,
      secretsConformance({
        create: async (values) => {
          const variables: Record<string, string> = {};
          for (const [name, value] of Object.entries(values)) await writeFile((variables[`${name}_FILE`] = `${folder}/${name}`), `${value}\n`);
          return envSecrets({ variables });
        },
      }),
    );
  });
});
