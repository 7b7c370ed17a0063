// Definitions (4.7 only), the sets of them, and the list of evaluators.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { orq, refused, reviewSets, testIf } from "../client.mjs";
import { ensureDefinitions, get, http, options, stored, pathOf, seed, ulid, unique } from "../support.mjs";

before(ensureDefinitions);

const KINDS = {
  boolean: {},
  correction: {},
  text: {},
  range: { config: { min: -5, max: 5 } },
  single_select: { options: options("yes", "no") },
  multi_select: { options: options("a", "b", "c") },
};

for (const [type, what] of Object.entries(KINDS)) {
  testIf(orq.postV2HumanEvals, `human evals: ${type}: create, get, list, update, delete`, async () => {
    const key = unique(type);
    const made = await orq.postV2HumanEvals({ type, key, displayName: "Title", description: "", ...what });
    assert.equal(made.type, type);
    assert.equal(made.key, key);
    assert.deepEqual(made.config, what.config);
    assert.deepEqual(made.options?.map((option) => option.value), what.options?.map((option) => option.value));
    assert.equal((await orq.getV2HumanEvalsId({ id: made.id })).key, key);
    assert.ok((await orq.getV2HumanEvals()).some((row) => row.id === made.id));

    const requestBody = { type, displayName: "Changed", description: "more words", ...what };
    const changed = await orq.patchV2HumanEvalsId({ id: made.id, requestBody });
    assert.equal(changed.displayName, "Changed");
    assert.equal((await get(`/v2/human-evals/${made.id}`)).key, key, "an update without a key keeps the key");

    assert.deepEqual({ ...(await orq.deleteV2HumanEvalsId({ id: made.id })) }, { acknowledged: true, deletedCount: 1 });
    const { error, message } = await refused(() => orq.getV2HumanEvalsId({ id: made.id }), 404);
    assert.equal(error.data$.message, message);
  });
}

testIf(orq.postV2HumanEvals, "human evals: a key that the client made up is replaced by a fresh one", async () => {
  const request = { type: "single_select", displayName: "Title", description: "", options: options("yes") };
  const keys = [await orq.postV2HumanEvals(request), await orq.postV2HumanEvals(request)].map((made) => made.key);
  assert.notEqual(keys[0], keys[1]);
});

testIf(orq.postV2HumanEvals, "human evals: a new definition is enforced at once", async () => {
  const key = unique("single");
  await orq.postV2HumanEvals({ type: "single_select", key, displayName: "Title", description: "", options: options("yes") });
  const span = await seed();
  assert.equal((await http("POST", pathOf(span), { annotations: [{ key, value: "no" }] })).status, 400);
  assert.equal((await http("POST", pathOf(span), { annotations: [{ key, value: "yes" }] })).status, 200);
  assert.deepEqual(await stored(span), { [key]: "yes" });
});

const RULES = [
  { filterType: "span_type", filterValues: ["span.chat_completion"] },
  { filterType: "name", filterValue: "chat*" },
];
for (const rule of RULES) {
  for (const more of [{}, { description: "words" }]) {
    test(`sets: ${rule.filterType}${more.description ? " with a description" : ""}: create, get, list, update, delete`, async () => {
      const humanEvalIds = (await get("/v2/human-evals")).slice(0, 2).map((row) => row.id);
      const made = await reviewSets.create({ displayName: unique("set"), humanEvalIds, ...rule, ...more });
      assert.deepEqual(made.humanEvalIds, humanEvalIds);
      assert.equal(made.filterType, rule.filterType);
      assert.equal((await get(`/v2/human-eval-sets/${made.id}`))._id, made.id);
      assert.equal((await reviewSets.get({ id: made.id })).displayName, made.displayName);
      assert.ok((await reviewSets.list()).some((each) => each.id === made.id));
      const changed = await reviewSets.update({
        id: made.id, requestBody: { displayName: "Changed", humanEvalIds, filterType: "name", filterValue: "other" },
      });
      assert.equal(changed.filterValue, "other");
      assert.equal(await reviewSets.delete({ id: made.id }), undefined);
      await refused(() => reviewSets.get({ id: made.id }), 404);
    });
  }
}

test("sets: one that is not there is 404", () => refused(() => reviewSets.delete({ id: ulid() }), 404));

test("evaluators: the list parses", async () => {
  const answer = await orq.evals.all({ limit: 10 });
  assert.equal(answer.object, "list");
  assert.equal(answer.hasMore, false);
});
