/** The originals' four operations, on a million numbers: arrays, ndarrays, tensors. */

import * as tf from "@tensorflow/tfjs-core";
import { useBackend } from "../lib/backend.ts";
import { availableBackends } from "./available.ts";
import {
  arrayOperations,
  ndarrayOperations,
  type Operations,
  tensorOperations,
} from "./operations.ts";

function bench(name: string, operations: Operations, backend?: string) {
  for (const [group, operation] of Object.entries(operations)) {
    Deno.bench(name, { group, baseline: name === "arrays" }, async (b) => {
      if (backend) await tf.setBackend(backend);
      b.start();
      await operation();
      b.end();
    });
  }
}

bench("arrays", arrayOperations());
bench("ndarrays", ndarrayOperations());
for (const backend of await availableBackends()) {
  await useBackend(backend);
  bench(`tensors on ${backend}`, tensorOperations(), backend);
}
