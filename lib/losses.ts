/** Reads the losses of a training while it goes on. @module */

import { UserError } from "./errors.ts";

/** A loss that is still being computed, on a GPU for example: a tensor of one number. */
interface Pending {
  data(): Promise<ArrayLike<number>>;
  dispose(): void;
}

/** What `train` yields: the loss of each iteration, from iteration 0 on. */
export type Losses = Iterable<{ t: number; loss: number | Pending }>;

/**
 * Reads every `logEvery`-th loss and the last one, in order, while the training goes on.
 *
 * @param readsBehind How many iterations may begin before a loss has been read.
 * @throws {UserError} After a loss that is not finite.
 */
export async function* readLosses(
  losses: Losses,
  { steps, logEvery, learningRate }: { steps: number; logEvery: number; learningRate: number },
  readsBehind = 0,
) {
  const reads: { t: number; reading: Promise<number> }[] = [];
  for (const { t, loss } of losses) {
    if (t % logEvery === 0 || t === steps - 1) {
      const reading = readLoss(loss);
      reading.catch(() => {}); // or Deno would end the process before the failure is awaited
      reads.push({ t, reading });
    } else if (typeof loss !== "number") {
      loss.dispose();
    }
    while (reads.length > 0 && (reads[0].t <= t - readsBehind || t === steps - 1)) {
      const { t, reading } = reads.shift()!;
      const loss = await reading;
      yield { t, loss };
      if (Number.isFinite(loss)) continue;
      const remedy = `try a --learning-rate below ${learningRate}`;
      throw new UserError(`Cannot go on: the loss is ${loss} at iteration ${t}, ${remedy}`);
    }
  }
}

/** Gives the number, and frees the tensor that it was in. */
export async function readLoss(loss: number | Pending): Promise<number> {
  if (typeof loss === "number") return loss;
  try {
    const numbers = await loss.data();
    return numbers[0];
  } finally {
    loss.dispose();
  }
}
