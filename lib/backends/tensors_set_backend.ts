/** Starts backends of TensorFlow.js, and says why one does not start. @module */

import * as tf from "@tensorflow/tfjs-core";

// In production mode, TensorFlow.js gives no advice on how to be faster.
tf.enableProdMode();

/** Makes TensorFlow.js compute on the backend of that name, or fails with the reason. */
export async function setBackend(name: string) {
  if (await tf.setBackend(name)) return;
  // TensorFlow.js says only that it failed. A second start says why.
  await tf.findBackendFactory(name)();
  throw new Error("TensorFlow.js can't start it");
}
