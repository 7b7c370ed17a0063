import assert from "node:assert/strict";
import { test } from "node:test";

import { orq, refused } from "../client.mjs";
import { get, ulid } from "../support.mjs";

const unique = () => `dataset ${ulid()}`;
const create = (displayName, path = "Default") => orq.datasets.create({ displayName, path });

test("a dataset is made, read, listed, changed and deleted", async () => {
  const displayName = unique();
  const made = await create(displayName);
  assert.equal(made.displayName, displayName);
  assert.deepEqual({ ...made.metadata }, { totalVersions: 0, datapointsCount: 0 });
  assert.equal((await orq.datasets.retrieve({ datasetId: made.id })).displayName, displayName);
  const page = await orq.datasets.list({ limit: 50 });
  assert.ok(page.data.some((each) => each.id === made.id));
  const changed = await orq.datasets.update({ datasetId: made.id, requestBody: { displayName: `${displayName} 2` } });
  assert.equal(changed.displayName, `${displayName} 2`);
  assert.equal(await orq.datasets.delete({ datasetId: made.id }), undefined);
  await refused(() => orq.datasets.retrieve({ datasetId: made.id }), 404);
});

test("datapoints come back as they were sent", async () => {
  const { id: datasetId } = await create(unique());
  const inputs = { city: "Łódź", count: 3, open: true };
  const messages = [
    { role: "system", content: "Answer with one word." },
    { role: "user", content: [{ type: "text", text: "Zażółć 🌵?" }] },
    { role: "assistant", content: "Yes." },
  ];
  const made = await orq.datasets.createDatapoint({
    datasetId, requestBody: [{ inputs, messages, expectedOutput: "Yes." }, { expectedOutput: "second" }],
  });
  assert.deepEqual(made.map((each) => each.expectedOutput), ["Yes.", "second"]);
  const stored = (await get(`/v2/datasets/${datasetId}/datapoints`)).data;
  assert.deepEqual(stored[0].inputs, inputs);
  assert.deepEqual(stored[0].messages, messages);
  const page = await orq.datasets.listDatapoints({ datasetId, limit: 1 });
  assert.deepEqual([page.data.map((each) => each.id), page.hasMore], [[made[0].id], true]);
  const datapointId = made[0].id;
  assert.equal((await orq.datasets.retrieveDatapoint({ datasetId, datapointId })).expectedOutput, "Yes.");
  const changed = await orq.datasets.updateDatapoint({ datasetId, datapointId, requestBody: { expectedOutput: "No." } });
  assert.equal(changed.expectedOutput, "No.");
  assert.equal(await orq.datasets.deleteDatapoint({ datasetId, datapointId }), undefined);
  await refused(() => orq.datasets.retrieveDatapoint({ datasetId, datapointId }), 404);
  assert.equal(await orq.datasets.clear({ datasetId }), undefined);
  assert.deepEqual((await orq.datasets.listDatapoints({ datasetId })).data, []);
  await orq.datasets.delete({ datasetId });
});

test("what cannot be is refused", async () => {
  await refused(() => create(""), 400);
  await refused(() => orq.datasets.retrieve({ datasetId: ulid() }), 404);
  await refused(() => orq.datasets.listDatapoints({ datasetId: ulid() }), 404);
});
