/** The originals' four operations, on a million numbers: arrays, ndarrays, tensors. */

import {
  arrayOperations,
  loopOperations,
  ndarrayOperations,
  type Operations,
  tensorOperations,
} from "../images/operations.ts";
import { useBackend } from "../lib/backend.ts";
import { availableBackends } from "./available.ts";

function bench(name: string, operations: Operations, backend?: string) {
  for (const [group, operation] of Object.entries(operations)) {
    Deno.bench(name, { group, baseline: name === "arrays" }, async (b) => {
      if (backend) await useBackend(backend);
      b.start();
      await operation();
      b.end();
    });
  }
}

bench("arrays", arrayOperations());
bench("arrays with loops", loopOperations());
bench("ndarrays", ndarrayOperations());
for (const backend of await availableBackends()) {
  await useBackend(backend);
  bench(`tensors on ${backend}`, tensorOperations(), backend);
}
