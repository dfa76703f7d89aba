/** The five matrix products of an iteration, with the loops in other orders. */

import { draw } from "../naive_neural_network.ts";
import { bench } from "./bench.ts";
import { ORDERS } from "./products.ts";

for (const [order, productsOf] of Object.entries(ORDERS)) {
  bench("the products of an iteration", `arrays, ${order}`, () => ({ call: productsOf(draw()) }));
}
