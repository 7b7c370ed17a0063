// Webhooks.
import assert from "node:assert/strict";

import { orq, refused, testIf } from "../client.mjs";
import { get, http, unique } from "../support.mjs";

const make = async (more = {}) => {
  const { secret } = await orq.webhooks.generateSecret();
  const made = await orq.webhooks.create({
    id: unique("hook"), url: "https://example.com/hook", contentType: "application/json", displayName: "Dashboard",
    events: ["deployment.invoked", "annotation.created"], secret, ...more,
  });
  return { made, secret };
};

testIf(orq.webhooks, "webhooks: create, get, delete", async () => {
  const { made, secret } = await make({ enabled: false, contentType: "application/x-www-form-urlencoded" });
  assert.deepEqual([made.secret, made.enabled, made.failureCount], [secret, false, 0]);
  const read = await orq.webhooks.get({ id: made.id });
  assert.equal(read.url, "https://example.com/hook");
  assert.ok(!read.secret.includes(secret) && read.secret.endsWith(secret.slice(-4)));
  assert.equal((await orq.webhooks.delete({ id: made.id })).id, made.id);
  await refused(() => orq.webhooks.get({ id: made.id }), 404);
});

testIf(orq.webhooks, "webhooks: list, count, query, update", async () => {
  const { made } = await make();
  const page = await orq.webhooks.list({ search: "dashboard", event: "annotation.created", page: 1, limit: 200 });
  assert.ok(page.items.some(({ id }) => id === made.id));
  assert.equal(page.hasMore, false);
  assert.ok((await orq.webhooks.count()).total >= 1);
  const found = await orq.webhooks.query({ pagination: { page: 1, limit: 200 }, query: {}, filters: [{}] });
  assert.ok(found.items.some(({ id }) => id === made.id));
  // This client models the change as an empty object: whatever is given, nothing is sent.
  await orq.webhooks.update({ id: made.id, requestBody: {} });
  assert.equal((await get(`/v2/webhooks/${made.id}`)).display_name, "Dashboard");
  await http("DELETE", `/v2/webhooks/${made.id}`);
});
