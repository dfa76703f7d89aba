/** The normal draws that NumPy makes after `np.random.seed(seed)`. @module */

/**
 * Seeds a Mersenne Twister, and returns the function that gives its next 32 bits as an unsigned
 * integer.
 *
 * Source: M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed
 * uniform pseudo-random number generator", 1998, with the seeding of their 2002 revision
 * (`init_genrand`), which `np.random.seed` uses.
 */
function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < state.length; i++) {
    const last = state[i - 1];
    state[i] = Math.imul(1812433253, last ^ (last >>> 30)) + i;
  }

  let position = 0;
  return () => {
    const i = position;
    position = (i + 1) % state.length;
    const joined = (state[i] & 0x80000000) | (state[position] & 0x7fffffff);
    const twist = joined & 1 ? 0x9908b0df : 0;
    let bits = state[i] = state[(i + 397) % state.length] ^ (joined >>> 1) ^ twist;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    bits ^= bits >>> 18;
    return bits >>> 0;
  };
}

/**
 * Seeds a generator of standard normal numbers (mean 0, variance 1), and returns the function that
 * draws the next one. The draws are those of `np.random.randn` after `np.random.seed(seed)`.
 *
 * Source: NumPy's `RandomState` (its "legacy" generator): a Mersenne Twister, uniform numbers of 53
 * bits, and the polar method of G. Marsaglia and T. A. Bray, "A convenient method for generating
 * normal variables", 1964, which makes two numbers at a time; NumPy gives out the second one first.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { seededNormal } from "./random.ts";
 *
 * const normal = seededNormal(0);
 * assert.equal(normal(), 1.764052345967664);
 * assert.equal(normal(), 0.4001572083672233);
 * ```
 */
export function seededNormal(seed: number): () => number {
  const next32Bits = mersenneTwister(seed);
  /** Uniform in [-1, 1): 27 high bits and 26 low bits, over 2^53. */
  const uniform = () => 2 * (((next32Bits() >>> 5) * 2 ** 26 + (next32Bits() >>> 6)) / 2 ** 53) - 1;

  let spare: number | undefined;
  return () => {
    const draw = spare;
    spare = undefined;
    if (draw !== undefined) return draw;
    // Points in the square until one falls inside the unit circle.
    let first, second, radius2;
    do {
      first = uniform();
      second = uniform();
      radius2 = first * first + second * second;
    } while (radius2 >= 1 || radius2 === 0);
    const scale = Math.sqrt(-2 * Math.log(radius2) / radius2);
    spare = scale * first;
    return scale * second;
  };
}
