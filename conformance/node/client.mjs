// The Node client under test and the few places where its versions differ.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test as nodeTest } from "node:test";

import { KEY, URL_ } from "./support.mjs";

export const PACKAGE = process.env.POSTIL_CLIENT;
const require = createRequire(import.meta.url);
const { Orq, SDK_METADATA } = require(PACKAGE);
export { Orq };

export const VERSION = SDK_METADATA.sdkVersion.split(".").map(Number);
export const atLeast = (major, minor) => VERSION[0] > major || (VERSION[0] === major && VERSION[1] >= minor);

export const connect = (apiKey = KEY) => new Orq({ apiKey, serverURL: URL_ });
export const orq = connect();

/** A test that exists only for clients that have the calls it makes: `testIf(orq.sessions, "…", …)`. */
export const testIf = (condition, ...rest) => { if (condition) nodeTest(...rest); };

// Feedback hangs on the client itself in 4.7.
export const feedback = orq.feedback ?? {
  create: (request) => orq.postV2Feedback(request),
  remove: (request) => orq.postV2FeedbackRemove(request),
  createEvaluation: (request) => orq.postV2FeedbackEvaluation(request),
  removeEvaluation: (request) => orq.postV2FeedbackEvaluationRemove(request),
};

// Human review sets are named after their paths in 4.7.
const sets = orq.humanReviewSets;
export const reviewSets = sets.list ? sets : {
  list: (request) => sets.getV2HumanEvalSets(request),
  create: (request) => sets.postV2HumanEvalSets(request),
  get: (request) => sets.getV2HumanEvalSetsId(request),
  update: (request) => sets.patchV2HumanEvalSetsId(request),
  delete: (request) => sets.deleteV2HumanEvalSetsId(request),
};

/** Makes a call that the server must refuse; resolves to the client's error and the message in its body. */
export async function refused(call, status) {
  const error = await call().then((value) => assert.fail(`answered ${JSON.stringify(value)}`), (reason) => reason);
  assert.equal(error.statusCode, status, `${error}\n${error.body}`);
  const body = JSON.parse(error.body);
  assert.equal(typeof body.message, "string");
  assert.match(String(body.code ?? status), /^\d+$/);
  return { error, message: body.message };
}
