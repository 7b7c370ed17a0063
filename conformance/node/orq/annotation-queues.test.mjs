// Annotation queues: the ten calls, in the shapes of 4.12 and 4.15.
import assert from "node:assert/strict";
import { before } from "node:test";

import { atLeast, orq, refused, testIf } from "../client.mjs";
import { ensureDefinitions, get, http, pathOf, seed, ulid, unique } from "../support.mjs";

before(ensureDefinitions);

const queues = orq.annotationQueues;
const named = atLeast(4, 15);
// 4.15 gives every body a name of its own, 4.12 calls each requestBody.
const body = (name, fields) => ({ [named ? name : "requestBody"]: fields });
const update = (annotationQueueId, fields) => queues.update({ annotationQueueId, ...body("updateAnnotationQueueRequest", fields) });
const add = (annotationQueueId, spans) => queues.addItems({
  annotationQueueId,
  ...body("addAnnotationQueueItemsRequest", { items: spans.map(({ spanId, traceId }) => ({ spanId, traceId })) }),
});
const remove = (annotationQueueId, spanIds) => queues.removeItems({
  annotationQueueId, ...body("removeAnnotationQueueItemsRequest", { spanIds }),
});
// Other clients make projects on the same server meanwhile.
const project = async () => (await get("/v2/projects?limit=200")).data.find((each) => each.is_default).project_id;
const made = async (displayName = unique("queue")) =>
  queues.create({ displayName, description: "words", projectId: await project() });

testIf(queues, "annotation queues: create, retrieve, update, delete", async () => {
  const queue = await made();
  assert.equal(queue.metadata.itemsCount, 0);
  assert.ok(queue.createdById && queue.updatedById);
  assert.equal((await get(`/v2/annotation-queues/${queue.id}`))._id, queue.id);
  assert.equal((await queues.retrieve({ annotationQueueId: queue.id })).displayName, queue.displayName);
  const changed = await update(queue.id, { displayName: "changed" });
  assert.equal(changed.displayName, "changed");
  assert.equal((await get(`/v2/annotation-queues/${queue.id}`)).description, "words");
  assert.equal(await queues.delete({ annotationQueueId: queue.id }), undefined);
  await refused(() => queues.retrieve({ annotationQueueId: queue.id }), 404);
});

testIf(queues, "annotation queues: chosen human reviews are read, and give way to those of the project", async () => {
  const queue = await made();
  const review = (await get("/v2/human-evals"))[0].id;
  const chosen = { questions: [{ human_review_id: review }] };
  assert.equal((await http("PATCH", `/v3/queues/${queue.id}`, chosen)).status, 200);
  const found = await queues.retrieve({ annotationQueueId: queue.id });
  assert.deepEqual(found.humanReviewIds, [review]);
  assert.equal(found.projectId, undefined);
  assert.deepEqual((await update(queue.id, { projectId: await project() })).humanReviewIds, []);
});

testIf(queues, "annotation queues: list, newest first, in pages", async () => {
  const name = unique("Listed");
  const [first, second] = [await made(`${name} a`), await made(`${name} b`)];
  const ids = (page) => page.data.map((queue) => queue.id);
  assert.deepEqual(ids(await queues.list({ search: name.toUpperCase() })), [second.id, first.id]);
  const page = await queues.list({ search: name, limit: 1 });
  assert.deepEqual([ids(page), page.hasMore], [[second.id], true]);
  assert.deepEqual(ids(await queues.list({ search: name, startingAfter: second.id })), [first.id]);
  assert.deepEqual(ids(await queues.list({ search: name, endingBefore: first.id })), [second.id]);
});

testIf(queues, "annotation queues: items are added once, listed, retrieved, removed", async () => {
  const queue = await made();
  const [one, two] = [await seed(), await seed()];
  const annotationQueueId = queue.id;
  const added = await add(queue.id, [one, two]);
  assert.deepEqual(added.map((item) => item.spanId), [one.spanId, two.spanId]);
  assert.deepEqual(await add(queue.id, [one, two]), []);
  assert.equal((await http("POST", pathOf(one), { annotations: [{ key: "rating", value: "good" }] })).status, 200);
  const items = await queues.listItems({ annotationQueueId, limit: 1 });
  assert.equal(items.hasMore, true);
  assert.equal(items.data.length, 1);
  for (const item of added) {
    assert.ok(await queues.retrieveItem({ annotationQueueId, itemId: item.id }));
    const raw = await get(`/v2/annotation-queues/${queue.id}/items/${item.id}`);
    assert.equal(raw.context.span_id, item.spanId);
  }
  assert.equal(await remove(queue.id, [one.spanId]), undefined);
  assert.equal((await queues.retrieve({ annotationQueueId })).metadata.itemsCount, 1);
  assert.equal(await queues.clear({ annotationQueueId }), undefined);
  assert.deepEqual((await queues.listItems({ annotationQueueId })).data, []);
  await refused(() => queues.retrieveItem({ annotationQueueId, itemId: ulid() }), 404);
});
