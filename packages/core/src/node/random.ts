// The machine's randomness: good for jitter and sampling, not for keys or tokens.
import type { Random } from "../contracts/environment.ts";

/** Makes a source of random numbers that nobody can repeat. */
export function systemRandom(): Random {
  return { next: () => Math.random() };
}
