import assert from "node:assert/strict";
import { before, test } from "node:test";

import { atLeast, feedback, refused } from "../client.mjs";
import { DEPLOYMENT, ensureDefinitions, freshIds, get, logOf, mentions, seed, seedTree, stored, ulid } from "../support.mjs";

before(ensureDefinitions);

for (const [field, value, expected = value] of [
  ["rating", "good"],
  ["rating", ["good"], "good"],
  ["defects", ["spelling", "off_topic"]],
  ["correction", "Rarely."],
  ["conformance_score", 4],
]) {
  test(`create annotates the span: ${field} = ${JSON.stringify(value)}`, async () => {
    const span = await seed();
    const answer = await feedback.create({ field, value, traceId: span.traceId });
    assert.equal(answer.property, field);
    assert.equal(answer.traceId, span.traceId);
    assert.match(answer.id, /^[0-9A-Z]{26}$/i);
    assert.deepEqual(await stored(span), { [field]: expected });
  });
}

test("create for a trace goes to its model call", async () => {
  const { root, call } = await seedTree();
  await feedback.create({ field: "rating", value: ["good"], traceId: root.traceId, product: "otel" });
  assert.deepEqual(await stored(call), { rating: "good" });
  assert.deepEqual(await stored(root), {});
});

test("create by the id of a log annotates log and span", async () => {
  const span = await seed({ attributes: DEPLOYMENT });
  const log = await logOf(span);
  await feedback.create({ field: "rating", value: ["good"], traceId: log.id });
  assert.deepEqual(await stored(span), { rating: "good" });
  assert.ok(mentions(await logOf(span), "rating", "good"));
});

test("remove takes it back", async () => {
  const span = await seed();
  const { id } = await feedback.create({ field: "rating", value: "good", traceId: span.traceId });
  const answer = await feedback.remove({ id, traceId: span.traceId, product: "deployments" });
  assert.deepEqual({ ...answer }, { id, traceId: span.traceId, product: "deployments" });
  assert.deepEqual(await stored(span), {});
});

const BOOLEAN = atLeast(4, 12) ? [["conformance_flag", "boolean", true]] : [];
for (const [key, type, value] of [
  ["rating", "string", "good"], ["conformance_score", "number", 4], ["defects", "string_array", ["spelling"]], ...BOOLEAN,
]) {
  test(`evaluation create and remove: ${type}`, async () => {
    const span = await seed();
    const review = (await get("/v2/human-evals")).find((row) => row.key === key).id;
    const id = ulid();
    const what = type === "string_array" ? { values: value } : { value };
    const request = { id, evaluationType: "human_review", humanReviewId: review, type, traceId: span.traceId, ...what };
    assert.equal(await feedback.createEvaluation(request), undefined);
    assert.deepEqual(await stored(span), { [key]: value });
    assert.equal(await feedback.removeEvaluation({ id, traceId: span.traceId }), undefined);
    assert.deepEqual(await stored(span), {});
  });
}

test("the time that the client makes up is not kept", async () => {
  const span = await seed();
  const review = (await get("/v2/human-evals")).find((row) => row.key === "rating").id;
  const started = Date.now();
  await feedback.createEvaluation({
    id: ulid(), evaluationType: "human_review", humanReviewId: review, type: "string", value: "good", traceId: span.traceId,
  });
  const [row] = (await get(`/v2/annotations?trace_id=${span.traceId}`)).data;
  assert.ok(Math.abs(Date.parse(row.created_at) - started) < 60_000, row.created_at);
});

test("refusals come as the errors that the client knows", async () => {
  const span = await seed();
  for (const [request, status, text] of [
    [{ field: "rating", value: "poor", traceId: span.traceId }, 400, "Invalid value: poor. Valid options are: good, bad."],
    [{ field: "no_such_key", value: "good", traceId: span.traceId }, 404, /^The human review with key "no_such_key" for workspace /],
    [{ field: "rating", value: "good", traceId: freshIds().traceId }, 404, /./],
  ]) {
    const { error, message } = await refused(() => feedback.create(request), status);
    assert.match(error.constructor.name, /^PostV2Feedback/);
    assert.equal(error.data$.message, message);
    if (typeof text === "string") assert.equal(message, text); else assert.match(message, text);
  }
  const { error } = await refused(() => feedback.remove({ id: ulid(), traceId: span.traceId, product: "otel" }), 404);
  assert.match(error.constructor.name, /^PostV2FeedbackRemove/);
  assert.deepEqual(await stored(span), {});
});
