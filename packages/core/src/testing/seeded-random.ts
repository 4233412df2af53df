// Random numbers that can be repeated.
import type { Random } from "../contracts/environment.ts";

/** Random numbers for tests, with what tests ask most. */
export interface SeededRandom extends Random {
  /** A whole number in `[0, below)`. */
  integer(below: number): number;
  /** True with this probability. @defaultValue 0.5 */
  chance(probability?: number): boolean;
  /** A copy in random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** A generator of its own, so that what one part draws does not change another part's numbers. */
  fork(): SeededRandom;
}

/**
 * Makes a generator whose numbers follow from `seed` alone.
 * @see Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators": xoshiro128**, its state filled by splitmix32
 */
export function seededRandom(seed: number): SeededRandom {
  const next32 = xoshiro128(splitmix32(seed));
  const next = (): number => ((next32() >>> 5) * 2 ** 26 + (next32() >>> 6)) / 2 ** 53;
  const integer = (below: number): number => Math.floor(next() * below);
  return {
    next,
    integer,
    chance: (probability = 0.5) => next() < probability,
    shuffle: (items) => shuffled(items, integer),
    fork: () => seededRandom(next32()),
  };
}

/** @see Knuth, The Art of Computer Programming, volume 2, algorithm P */
function shuffled<T>(items: readonly T[], integer: (below: number) => number): T[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = integer(i + 1);
    [mixed[i], mixed[j]] = [mixed[j] as T, mixed[i] as T];
  }
  return mixed;
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
}

function xoshiro128(fill: () => number): () => number {
  let [a, b, c, d] = [fill(), fill(), fill(), fill()];
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return result >>> 0;
  };
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
