/** The originals' four operations on a million numbers: arrays, ndarrays, tensors. */

import { openBackend } from "../lib/backend.ts";
import { TENSOR_BACKENDS } from "../lib/tensor_backends.ts";
import { bench, TENSORS } from "./bench.ts";
import {
  arrayOperations,
  loopOperations,
  ndarrayOperations,
  type Operations,
  tensorOperations,
} from "./operations.ts";

const SUBJECTS: [name: string, make: () => Operations | Promise<Operations>][] = [
  ["arrays", arrayOperations],
  ["arrays with loops", loopOperations],
  ["ndarrays", ndarrayOperations],
  ...TENSORS.map(([name, backend]): [string, () => Promise<Operations>] => [name, async () => {
    await openBackend(backend, TENSOR_BACKENDS);
    return tensorOperations();
  }]),
];

for (const operation of ["creation", "squaring", "sine", "summation"] as const) {
  for (const [name, make] of SUBJECTS) {
    bench(`${operation} of a million numbers`, name, async () => ({
      call: (await make())[operation],
    }));
  }
}
