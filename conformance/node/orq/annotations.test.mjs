import assert from "node:assert/strict";
import { before, test } from "node:test";

import { atLeast, connect, orq, refused, testIf } from "../client.mjs";
import { KEY, annotations, ensureDefinitions, freshIds, seed, stored, workspace } from "../support.mjs";

before(ensureDefinitions);

const annotate = (span, values, metadata, client = orq) => client.annotations.create({
  ...span,
  requestBody: { annotations: values.map(([key, value]) => ({ key, value })), ...(metadata && { metadata }) },
});

for (const [key, value, expected = value] of [
  ["rating", "good"],
  ["rating", ["good"], "good"],
  ["defects", ["grammatical", "spelling"]],
  ["correction", "Zażółć 𝔤ęślą 🌵\nمرحبا"],
  ["conformance_note", ""],
  ["conformance_score", 7],
  ["conformance_score", 0],
  ["conformance_score", 2.5],
  ["confidence_score", 1],
]) {
  test(`create stores ${key} = ${JSON.stringify(value)}`, async () => {
    const span = await seed();
    assert.equal(await annotate(span, [[key, value]]), undefined);
    assert.deepEqual(await stored(span), { [key]: expected });
  });
}

for (const value of [true, false]) {
  testIf(atLeast(4, 12), `create stores the boolean ${value}`, async () => {
    const span = await seed();
    await annotate(span, [["conformance_flag", value]]);
    assert.deepEqual(await stored(span), { conformance_flag: value });
  });
}

test("create again replaces", async () => {
  const span = await seed();
  for (const value of ["good", "bad"]) await annotate(span, [["rating", value]]);
  assert.deepEqual(await stored(span), { rating: "bad" });
});

test("create with an identity", async () => {
  const span = await seed();
  await annotate(span, [["rating", "good"]], { identityId: "user-123" });
  assert.deepEqual((await annotations(span)).map((row) => row.identity_id), ["user-123"]);
});

test("delete removes the keys and nothing else, and may be repeated", async () => {
  const span = await seed();
  await annotate(span, [["rating", "good"], ["defects", ["spelling"]], ["correction", "c"]]);
  for (let time = 0; time < 2; time += 1) {
    assert.equal(await orq.annotations.delete({ ...span, requestBody: { keys: ["rating", "defects"] } }), undefined);
    assert.deepEqual(await stored(span), { correction: "c" });
  }
});

testIf(atLeast(4, 12), "delete with metadata", async () => {
  const span = await seed();
  await annotate(span, [["rating", "good"]], { identityId: "user-123" });
  await orq.annotations.delete({ ...span, requestBody: { keys: ["rating"], metadata: { identityId: "user-123" } } });
  assert.deepEqual(await stored(span), {});
});

// ---- refusals

test("unknown key is 404", async () => {
  const span = await seed();
  const { error, message } = await refused(() => annotate(span, [["rating", "good"], ["no_such_key", "x"]]), 404);
  assert.equal(error.constructor.name, "APIError");
  assert.equal(message, `The human review with key "no_such_key" for workspace ${(await workspace()).id} was not found.`);
  assert.deepEqual(await stored(span), {});
});

test("unknown span is 404", async () => {
  const gone = freshIds();
  const { message } = await refused(() => annotate(gone, [["rating", "good"]]), 404);
  assert.equal(message, `Span with id ${gone.spanId} for workspace ${(await workspace()).id} was not found.`);
  await refused(() => orq.annotations.delete({ ...gone, requestBody: { keys: ["rating"] } }), 404);
});

for (const [what, values, expected] of [
  ["an option", [["rating", "poor"]], "Invalid value: poor. Valid options are: good, bad."],
  ["a range", [["conformance_score", 15]], "Value 15 is out of range [0, 10]."],
  ["a length", [["conformance_note", "x".repeat(3001)]], "String value exceeds maximum length of 3000 characters."],
]) {
  test(`${what} that does not fit is 400 in the words of the guide`, async () => {
    const span = await seed();
    const { message } = await refused(() => annotate(span, [["interactions", ["saved"]], ...values]), 400);
    assert.equal(message, expected);
    assert.deepEqual(await stored(span), {});
  });
}

test("three thousand characters are accepted, however many bytes they take", async () => {
  const span = await seed();
  for (const letter of ["x", "ż", "🌵"]) {
    await annotate(span, [["conformance_note", letter.repeat(3000)]]);
    assert.deepEqual(await stored(span), { conformance_note: letter.repeat(3000) });
  }
});

test("counts are 1 to 10", async () => {
  const span = await seed();
  for (const count of [0, 11]) await refused(() => annotate(span, Array(count).fill(["rating", "good"])), 400);
  assert.deepEqual(await stored(span), {});
  await annotate(span, [["rating", "good"]]);
  for (const count of [0, 11]) {
    await refused(() => orq.annotations.delete({ ...span, requestBody: { keys: Array(count).fill("rating") } }), 400);
  }
  await refused(() => orq.annotations.delete({ ...span, requestBody: { keys: ["rating", "no_such_key"] } }), 404);
  assert.deepEqual(await stored(span), { rating: "good" });
});

testIf(atLeast(4, 12), "correction of an unknown evaluator result is refused", async () => {
  const span = await seed();
  const list = [{ parentAnnotationId: "01J0000000000000000000000Z", value: false, explanation: "x" }];
  await refused(() => orq.annotations.create({ ...span, requestBody: { annotations: list } }), 404);
  assert.deepEqual(await stored(span), {});
});

test("without a valid key it is 401", async () => {
  const span = await seed();
  for (const key of ["sk-orq-wrong", undefined]) {
    const { error, message } = await refused(() => annotate(span, [["rating", "good"]], undefined, connect(key ?? "")), 401);
    assert.equal(error.constructor.name, "APIError");
    assert.ok(message);
  }
  assert.deepEqual(await stored(span), {});
});

test("the key may come from a function", async () => {
  const span = await seed();
  await annotate(span, [["rating", "good"]], undefined, connect(async () => KEY));
  assert.deepEqual(await stored(span), { rating: "good" });
});
