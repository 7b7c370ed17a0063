// Projects, API keys, identities, workspaces, sessions.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { atLeast, connect, orq, refused, testIf } from "../client.mjs";
import { annotations, ensureDefinitions, get, http, pathOf, seed, stored, ulid, unique } from "../support.mjs";

before(ensureDefinitions);

const annotate = (key, span) => connect(key).annotations.create({
  ...span, requestBody: { annotations: [{ key: "rating", value: "good" }] },
});

// ---- projects

testIf(orq.projects, "projects: create, get, list, update, delete", async () => {
  for (const more of [{}, { description: "words", teams: [] }]) {
    const name = unique("Project");
    const made = (await orq.projects.create({ name, ...more })).project;
    assert.equal(made.name, name);
    assert.equal(made.description, more.description);
    const id = { projectId: made.projectId };
    assert.equal((await orq.projects.get(id)).project.name, name);
    const page = await orq.projects.list({ limit: 1 });
    assert.equal(page.data[0].projectId, made.projectId, "newest first");
    assert.equal(page.hasMore, true);
    const request = { ...id, updateProjectRequest: { name: `${name}2` } };
    assert.equal((await orq.projects.update(request)).project.name, `${name}2`);
    assert.equal((await get(`/v2/projects/${made.projectId}`)).project.name, `${name}2`);
    await orq.projects.delete(id);
    await refused(() => orq.projects.get(id), 404);
  }
});

// ---- API keys: 4.12 wants answers of another shape than every later client of either language (see README.md)

testIf(orq.apiKeys && atLeast(4, 15), "api keys: create, use, get, list, update, delete", async () => {
  const name = unique("key");
  const made = await orq.apiKeys.create({ name, permissionMode: "PERMISSION_MODE_ALL", projectScope: { all: {} } });
  assert.match(made.token, /^sk-orq-/);
  const span = await seed();
  await annotate(made.token, span);
  assert.deepEqual(await stored(span), { rating: "good" });
  const id = { apiKeyId: made.id };
  assert.notEqual((await orq.apiKeys.get(id)).token, made.token);
  assert.ok((await orq.apiKeys.list()).some((row) => row.id === made.id));
  assert.equal((await orq.apiKeys.update({ ...id, updateApiKeyRequest: { name: `${name}2` } })).name, `${name}2`);
  assert.equal(await orq.apiKeys.delete(id), undefined);
  await refused(() => annotate(made.token, span), 401);
  await refused(() => orq.apiKeys.get(id), 404);
});

testIf(orq.apiKeys && atLeast(4, 15), "api keys: a read-only key reads and does not write", async () => {
  const made = await orq.apiKeys.create({ name: unique("key"), permissionMode: "PERMISSION_MODE_READ_ONLY" });
  const span = await seed();
  assert.equal((await http("GET", pathOf(span), undefined, made.token)).status, 200);
  await refused(() => annotate(made.token, span), 403);
});

testIf(orq.apiKeys && atLeast(4, 15), "api keys: capabilities parse", async () => {
  assert.ok(Array.isArray((await orq.apiKeys.listCapabilities()).domains));
});

testIf(orq.apiKeys && !atLeast(4, 15), "api keys: 4.12 makes a key, whether or not it can read the answer", async () => {
  const name = unique("key");
  const unreadable = (error) => {
    assert.equal(error.constructor.name, "ResponseValidationError");
    assert.equal(error.statusCode, 200);
  };
  await orq.apiKeys.create({ name, permissionMode: "PERMISSION_MODE_ALL", projectScope: { all: {} } }).catch(unreadable);
  assert.ok((await get("/v2/api-keys")).some((row) => row.name === name));
  await orq.apiKeys.list().catch(unreadable);
});

// ---- identities: a flat answer until 4.7, an object in it since, with the headers beside it in the newest

const identity = (answer) => (answer.result ?? answer).identity ?? answer;
const createIdentity = async (fields) => identity(await orq.identities.create(fields));
const FULL = { displayName: "Ada", email: "ada@example.com", avatarUrl: "https://example.com/ada.png", metadata: { plan: "free" } };
const updateOf = (id, fields) => orq.identities.update(
  atLeast(4, 12) ? { id, updateIdentityRequest: fields } : { id, requestBody: fields });

test("identities: create, retrieve, update, delete", async () => {
  const externalId = unique("user");
  const tag = unique("tag");
  const made = await createIdentity({ externalId, tags: [tag], ...FULL });
  assert.equal(made.externalId, externalId);
  assert.deepEqual(made.tags, [tag]);
  for (const id of [made.id, externalId]) {
    assert.equal(identity(await orq.identities.retrieve({ id })).email, "ada@example.com");
  }
  assert.equal(identity(await updateOf(made.id, { displayName: "Grace" })).displayName, "Grace");
  assert.equal((await get(`/v2/identities/${made.id}`)).identity.display_name, "Grace");
  // Until 4.7 the client wants 204 here, since 4.12 it wants 200: the older one is told, and it is deleted.
  await orq.identities.delete({ id: made.id }).catch((error) => {
    assert.equal(error.statusCode, 200);
    assert.ok(!atLeast(4, 12));
  });
  await refused(() => orq.identities.retrieve({ id: made.id }), 404);
});

test("identities: with nothing but the external id, once", async () => {
  const externalId = unique("user");
  assert.equal((await createIdentity({ externalId })).externalId, externalId);
  const error = await createIdentity({ externalId }).then(() => assert.fail("made twice"), (reason) => reason);
  assert.ok(error.statusCode >= 400 && error.statusCode < 500);
});

async function checkPages(made, query) {
  const first = await orq.identities.list({ limit: 2, ...query });
  assert.equal(first.data.length, 2);
  assert.equal(first.hasMore, true);
  const rest = await orq.identities.list({ limit: 2, startingAfter: first.data[1].id, ...query });
  assert.equal(rest.hasMore, false);
  assert.deepEqual([...first.data, ...rest.data].map((each) => each.id).sort(), made.sort());
}

async function createThree(prefix, fields) {
  const made = [];
  for (let number = 0; number < 3; number += 1) {
    made.push((await createIdentity({ externalId: `${prefix}-${number}`, ...fields })).id);
  }
  return made;
}

test("identities: the list pages, searches and may be empty", async () => {
  const word = unique("user");
  await checkPages(await createThree(word), { search: word });
  assert.deepEqual((await orq.identities.list({ search: unique("nobody") })).data, []);
});

// 4.7 sends the tags under another name: tags=gold
testIf(atLeast(4, 12), "identities: the list filters by tag", async () => {
  const tag = unique("tag");
  await checkPages(await createThree(unique("user"), { tags: [tag], ...FULL }), { filterByTags: [tag] });
});

test("identities: an annotation may name one", async () => {
  const { externalId } = await createIdentity({ externalId: unique("user") });
  const span = await seed();
  await orq.annotations.create({
    ...span, requestBody: { annotations: [{ key: "rating", value: "good" }], metadata: { identityId: externalId } },
  });
  assert.deepEqual((await annotations(span)).map((row) => row.identity_id), [externalId]);
});

// ---- workspaces

testIf(orq.workspaces, "workspaces: list, get, update", async () => {
  const page = await orq.workspaces.list();
  assert.equal(page.hasMore, false);
  const [here] = page.data;
  assert.equal((await orq.workspaces.get({ key: here.key })).workspace.id, here.id);
  const displayName = unique("Workspace");
  const change = (name) => orq.workspaces.update({ key: here.key, updateWorkspaceRequest: { displayName: name } });
  assert.equal((await change(displayName)).workspace.displayName, displayName);
  assert.equal((await get(`/v2/workspaces/${here.key}`)).workspace.display_name, displayName);
  await change(here.displayName);
  await refused(() => orq.workspaces.get({ key: unique("nowhere") }), 404);
});

// ---- sessions

const BARE = {
  duration: 1.5, contactIds: [], tracesCount: 0, tags: [],
  billing: { inputCost: 0.1, outputCost: 0.2, totalCost: 0.3 },
  usage: { promptTokens: 1, completionTokens: 2, totalTokens: 3 },
};

testIf(orq.sessions, "sessions: create, get, update, delete", async () => {
  const full = { ...BARE, title: "A talk", client: "app", repo: "garden", kind: "THREAD_KIND_CONVERSATION", startedAt: new Date(0) };
  for (const fields of [BARE, full]) {
    const externalId = unique("session");
    const made = await orq.sessions.create({ externalId, ...fields });
    assert.equal(made.usage.totalTokens, 3);
    assert.equal(made.title, fields.title);
    const id = { sessionId: made.id };
    assert.equal((await get(`/v2/sessions/${made.id}`))._id, made.id);
    assert.equal((await orq.sessions.get(id)).externalId, externalId);
    const changed = await orq.sessions.update({ ...id, updateThreadRequest: { title: "Other" } });
    assert.equal(changed.title, "Other");
    assert.equal(await orq.sessions.delete(id), undefined);
    await refused(() => orq.sessions.get(id), 404);
  }
});

testIf(orq.sessions, "sessions: list, count and tags", async () => {
  const tag = unique("tag");
  for (let number = 0; number < 3; number += 1) await orq.sessions.create({ externalId: unique("session"), ...BARE, tags: [tag] });
  const filters = { interval: "SESSION_INTERVAL_ALL_TIME", tags: [tag] };
  assert.equal((await orq.sessions.getCount({ filters })).count, 3);
  const first = await orq.sessions.list({ filters, limit: 2, page: 1 });
  assert.equal(first.data.length, 2);
  assert.equal(first.hasMore, true);
  assert.equal((await orq.sessions.list({ filters, limit: 2, page: 2 })).data.length, 1);
  assert.ok((await orq.sessions.listTags()).includes(tag));
  await refused(() => orq.sessions.get({ sessionId: ulid() }), 404);
});
