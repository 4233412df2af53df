import { describe, expect, it } from "vitest";
import { StreamFlowError, type Secrets } from "@streamflow/core";
import { Redactor } from "@streamflow/core/node";
import { interpolate, type Lookups } from "./environment.ts";

function lookups(variables: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}): Lookups {
  return { secrets: { get: (name) => variables[name] }, files: new Map(Object.entries(files)), redactor: new Redactor() };
}

describe("interpolate", () => {
  it("replaces variables, defaults, files and escapes", () => {
    const from = lookups({ USER: "ann", EMPTY: "" }, { "/run/secrets/x": "s3cret" });
    expect(interpolate("${USER}@${HOST:-localhost}:${file:/run/secrets/x}", from)).toEqual({ value: "ann@localhost:s3cret", secret: true, problems: [] });
    expect(interpolate("${EMPTY:-none}|${EMPTY}|${NO:-}", from).value).toBe("none||");
    expect(interpolate("$${USER} $5 $ {x}", from)).toEqual({ value: "${USER} $5 $ {x}", secret: false, problems: [] });
    expect(interpolate("${NO:-a:-b}", from)).toEqual({ value: "a:-b", secret: false, problems: [] });
  });

  it("does not look into what it has put in", () => {
    expect(interpolate("${A}", lookups({ A: "${B}", B: "no" })).value).toBe("${B}");
  });

  it("reads NAME_FILE where NAME is not set", () => {
    const from = lookups({ PW_FILE: "/run/pw", SET: "direct", SET_FILE: "/run/set" }, { "/run/pw": "from file", "/run/set": "wrong" });
    expect(interpolate("${PW}", from).value).toBe("from file");
    expect(interpolate("${SET}", from).value).toBe("direct");
  });

  it("tells all problems, with their places", () => {
    const { problems } = interpolate("a ${NO} ${file:gone} ${1x} ${open", lookups({}));
    expect(problems.map(({ code, offset, message }) => [code, offset, message])).toEqual([
      ["SF_SECRET_MISSING", 2, "the variable NO is not set"],
      ["SF_SECRET_MISSING", 8, 'the file "gone" cannot be read'],
      ["SF_CONFIG_INVALID", 21, "${1x} is no reference"],
      ["SF_CONFIG_INVALID", 27, '"${" is never closed'],
    ]);
  });

  it("tells what the lookup itself throws", () => {
    const secrets: Secrets = {
      get: () => {
        throw new StreamFlowError("SF_SECRET_MISSING", "the vault is closed");
      },
    };
    expect(interpolate("${A}", { ...lookups({}), secrets }).problems).toEqual([{ code: "SF_SECRET_MISSING", offset: 0, message: "the vault is closed", hint: undefined }]);
  });

  it("E2: tells the redactor the value, and the text around it", () => {
    const from = lookups({ PW: "hunter2" });
    interpolate("postgres://me:${PW}@db", from);
    expect(from.redactor.redact("cannot reach postgres://me:hunter2@db")).not.toContain("db");
    expect(from.redactor.redact("password hunter2 refused")).not.toContain("hunter2");
  });
});
