// Reading traces: under /v3 in the newest client, under /v2 in 4.12, not at all in 4.7.
import assert from "node:assert/strict";

import { orq, refused, testIf } from "../client.mjs";
import { freshIds, get, quietWindow, seed, seedTree, unique, http, pathOf } from "../support.mjs";

const seedIn = async (window, count = 1, more = {}) => {
  const spans = [];
  for (let number = 0; number < count; number += 1) {
    spans.push(await seed({ started: new Date(window.from.getTime() + 10 * number), ...more }));
  }
  return spans;
};

testIf(orq.traces, "traces: search pages newest first", async () => {
  const window = quietWindow();
  assert.deepEqual((await orq.traces.search(window)).data, []);
  const spans = await seedIn(window, 3);
  const first = await orq.traces.search({ ...window, limit: 2 });
  assert.equal(first.object, "list");
  assert.equal(first.hasMore, true);
  const rest = await orq.traces.search({ ...window, limit: 2, pageToken: first.nextPageToken });
  assert.equal(rest.hasMore, false);
  assert.deepEqual([...first.data, ...rest.data].map((row) => row.traceId), spans.map((span) => span.traceId).reverse());
});

testIf(orq.traces, "traces: a row says what the call was", async () => {
  const window = quietWindow();
  const [span] = await seedIn(window);
  const [row] = (await orq.traces.search(window)).data;
  assert.equal(row.object, "trace");
  assert.equal(row.rootSpanId, span.spanId);
  assert.equal(row.usage.totalTokens, 46);
  assert.equal(row.startedAt.getTime(), window.from.getTime());
});

testIf(orq.traces, "traces: search by name and by feedback", async () => {
  const window = quietWindow();
  const name = unique("name");
  const [wanted] = await seedIn(window, 1, { name });
  await seedIn(window);
  await http("POST", pathOf(wanted), { annotations: [{ key: "rating", value: "good" }] });
  for (const filter of [
    { field: "name", op: "eq", values: [name] },
    { field: "annotation.rating", op: "eq", values: ["good"] },
  ]) {
    const page = await orq.traces.search({ ...window, filters: [filter] });
    assert.deepEqual(page.data.map((row) => row.traceId), [wanted.traceId]);
  }
});

testIf(orq.traces, "traces: query, aggregate, facets, fields", async () => {
  const window = quietWindow();
  await seedIn(window, 3);
  const answer = await orq.traces.query({ ...window, oql: "fetch traces | limit 2" });
  assert.equal(answer.object, "query");
  assert.equal(answer.search.data.length, 2);
  await refused(() => orq.traces.query({ ...window, oql: "select 1" }), 400);
  assert.ok(Array.isArray((await orq.traces.aggregate(window)).data));
  assert.ok((await orq.traces.listFields()).data.every((field) => field.name));
  const facets = (await orq.traces.listFacets()).data;
  assert.ok(facets.length > 0);
  const values = await orq.traces.listFacetValues({ field: facets[0].field, ...window, limit: 5 });
  assert.ok(Array.isArray(values.values));
});

testIf(orq.traces, "traces: get, list spans, get span", async () => {
  const { root, call } = await seedTree();
  const { trace } = await orq.traces.get({ traceId: root.traceId });
  assert.equal(trace.rootSpanId, root.spanId);
  assert.equal(trace.leadingSpanId, call.spanId);
  const page = await orq.traces.listSpans({ traceId: root.traceId, limit: 1 });
  assert.equal(page.hasMore, true);
  const rest = await orq.traces.listSpans({ traceId: root.traceId, limit: 1, pageToken: page.nextPageToken });
  assert.deepEqual([page, rest].map((each) => each.data[0].spanId).sort(), [root.spanId, call.spanId].sort());
  const { span } = await orq.traces.getSpan(call);
  assert.equal(span.summary.spanId, call.spanId);
  assert.equal(span.summary.parentSpanId, root.spanId);
  const raw = await get(`/v3/traces/${call.traceId}/spans/${call.spanId}`);
  assert.match(JSON.stringify(raw.span.attributes), /How do I water a cactus\?/);
});

testIf(orq.traces, "traces: unknown ones are 404", async () => {
  const gone = freshIds();
  await refused(() => orq.traces.get({ traceId: gone.traceId }), 404);
  await refused(() => orq.traces.getSpan(gone), 404);
});
