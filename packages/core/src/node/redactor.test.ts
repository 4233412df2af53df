import { describe, expect, it } from "vitest";
import { Redactor } from "./redactor.ts";

function redactor(...secrets: readonly string[]): Redactor {
  const made = new Redactor();
  for (const secret of secrets) made.add(secret);
  return made;
}

describe("redactor", () => {
  it("replaces every occurrence, also inside URLs and JSON", () => {
    const secret = 'p@ss"w/ord';
    const text = `plain ${secret}, url ${encodeURIComponent(secret)}, json ${JSON.stringify({ secret })}, again ${secret}`;
    expect(redactor(secret).redact(text)).toBe('plain [secret], url [secret], json {"secret":"[secret]"}, again [secret]');
  });

  it("leaves nothing of a long secret that holds a short one", () => {
    expect(redactor("abcd", "abcdefgh").redact("abcdefgh abcd")).toBe("[secret] [secret]");
  });

  it("takes signs of regular expressions as they are", () => {
    const secret = String.raw`a.b*c\d$(e)[f]{g}^h|i/j-k+l?`;
    expect(redactor(secret).redact(`x${secret}x`)).toBe("x[secret]x");
    expect(redactor("a.cd").redact("abcd")).toBe("abcd");
  });

  it("leaves text alone while it knows no secret, or only one of less than 4 characters", () => {
    expect(new Redactor().redact("abc")).toBe("abc");
    expect(redactor("abc", "").redact("abc")).toBe("abc");
  });

  it("takes a secret that is not well-formed text", () => {
    expect(redactor("abc\ud800d").redact("x abc\ud800d")).toBe("x [secret]");
  });
});
