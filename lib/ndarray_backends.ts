/**
 * What the ndarrays are multiplied by.
 *
 * @module
 */

import type { Backend, Open } from "./backend.ts";
import { openBlas } from "./blas.ts";
import { type LinearAlgebra, linearAlgebra, multiplyInTypescript } from "./linear_algebra.ts";

/** How to open each backend, in the order in which `auto` tries them. */
export const NDARRAY_BACKENDS = {
  blas: () => {
    const blas = openBlas();
    return {
      device: `ndarrays, with BLAS from ${blas.library}`,
      algebra: linearAlgebra({ blas }),
    };
  },
  wasm: () => ({ device: "ndarrays, with WebAssembly", algebra: linearAlgebra() }),
  typescript: () => ({
    device: "ndarrays, with loops in TypeScript",
    algebra: linearAlgebra({ multiply: multiplyInTypescript }),
  }),
} satisfies Record<string, Open<Backend & { algebra: LinearAlgebra }>>;
