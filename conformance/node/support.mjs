// What every test needs beside the client under test: plain HTTP, fresh spans, and what the server stored.
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const URL_ = process.env.POSTIL_URL.replace(/\/$/, "");
export const GRPC = process.env.POSTIL_GRPC;
export const KEY = process.env.POSTIL_API_KEY;

// ---- plain HTTP

export async function http(method, path, body, key = KEY) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await fetch(URL_ + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

export async function get(path) {
  const answer = await http("GET", path);
  assert.equal(answer.status, 200, `GET ${path}: ${answer.text}`);
  return answer.json();
}

/** The first truthy answer of `look`; the last one when time runs out. For clients that send in their own time. */
export async function eventually(look, milliseconds = 15_000) {
  const until = Date.now() + milliseconds;
  for (;;) {
    const seen = await look();
    if (seen || Date.now() > until) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// ---- fresh names and spans

export const hex = (bytes) => randomBytes(bytes).toString("hex");
export const unique = (prefix = "t") => `${prefix}_${hex(6)}`;

export function ulid() {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  let number = (BigInt(Date.now()) << 80n) | BigInt(`0x${hex(10)}`);
  let text = "";
  for (let place = 0; place < 26; place += 1, number >>= 5n) text = alphabet[Number(number & 31n)] + text;
  return text;
}

export const freshIds = () => ({ traceId: hex(16), spanId: hex(8) });
export const pathOf = (span) => `/v2/traces/${span.traceId}/spans/${span.spanId}/annotation`;

const message = (role, content) => ({ role, parts: [{ type: "text", content }], ...(role === "assistant" && { finish_reason: "stop" }) });

export const CHAT = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o-mini",
  "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
  "gen_ai.usage.input_tokens": 12,
  "gen_ai.usage.output_tokens": 34,
  "gen_ai.input.messages": JSON.stringify([message("user", "How do I water a cactus?")]),
  "gen_ai.output.messages": JSON.stringify([message("assistant", "Rarely, and not in winter.")]),
};
export const DEPLOYMENT = { ...CHAT, "orq.span_type": "deployment", "orq.deployment_key": "gardener" };

const attribute = (key, value) => ({
  key,
  value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
});

export function otlpSpan(ids, { name = "chat gpt-4o-mini", attributes = CHAT, started = new Date(), parent = "", error = "" } = {}) {
  const nanoseconds = BigInt(started.getTime()) * 1_000_000n;
  return {
    traceId: ids.traceId, spanId: ids.spanId, parentSpanId: parent, name, kind: 3,
    startTimeUnixNano: String(nanoseconds), endTimeUnixNano: String(nanoseconds + 250_000_000n),
    attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    status: error ? { code: 2, message: error } : { code: 1 },
  };
}

export async function sendSpans(spans) {
  const answer = await http("POST", "/v1/traces", {
    resourceSpans: [{
      resource: { attributes: [attribute("service.name", "conformance")] },
      scopeSpans: [{ scope: { name: "conformance" }, spans }],
    }],
  });
  assert.equal(answer.status, 200, `POST /v1/traces: ${answer.text}`);
}

/** One span that is a trace of its own, stored when this resolves. */
export async function seed(options) {
  const ids = freshIds();
  await sendSpans([otlpSpan(ids, options)]);
  return ids;
}

/** A plain root span with a model call below it. */
export async function seedTree() {
  const root = freshIds();
  const call = { traceId: root.traceId, spanId: hex(8) };
  const started = new Date();
  await sendSpans([
    otlpSpan(root, { name: "answer", attributes: {}, started }),
    otlpSpan(call, { started: new Date(started.getTime() + 5), parent: root.spanId }),
  ]);
  return { root, call };
}

/** A second within the last days that no other test is likely to use. */
export function quietWindow() {
  const seconds = Math.floor(Date.now() / 1000) - 86_400 - randomInt(8 * 86_400);
  return { from: new Date(seconds * 1000), to: new Date((seconds + 1) * 1000) };
}

// ---- what is stored

export async function annotations(span) {
  const answer = await get(pathOf(span));
  assert.equal(answer.object, "list");
  assert.equal(answer.has_more, false);
  return answer.data;
}

/** key -> value of what the span carries now. */
export async function stored(span) {
  const rows = await annotations(span);
  const values = Object.fromEntries(rows.map((row) => [row.key, row.value]));
  assert.equal(Object.keys(values).length, rows.length, `a key twice: ${JSON.stringify(rows)}`);
  return values;
}

/** Whether a JSON document holds {"key": key, "value": value} or {key: value} anywhere. */
export function mentions(tree, key, value) {
  if (tree === null || typeof tree !== "object") return false;
  if (!Array.isArray(tree) && ((tree.key === key && tree.value === value) || tree[key] === value)) return true;
  return Object.values(tree).some((each) => mentions(each, key, value));
}

/** The generation log of a span, if it has one. */
export async function logOf(span) {
  for (let cursor = ""; ;) {
    const page = await get(`/v2/logs?limit=100${cursor}`);
    const row = page.data.find((each) => each.trace_id === span.traceId && (each.span_id ?? span.spanId) === span.spanId);
    if (row) return get(`/v2/logs/${row.id}`);
    if (!page.has_more) return undefined;
    cursor = `&starting_after=${page.data.at(-1).id}`;
  }
}

export const workspace = async () => (await get("/v2/workspaces")).data[0];

// ---- human reviews

export const options = (...values) => values.map((value) => ({ value, sentiment: "neutral", description: "", icon: "" }));

const DEFINITIONS = {
  confidence_score: { type: "range", config: { min: 0, max: 1 } },
  categories: { type: "multi_select", options: options("helpful", "accurate", "concise") },
  conformance_score: { type: "range", config: { min: 0, max: 10 } },
  conformance_note: { type: "text" },
  conformance_flag: { type: "boolean" },
};

export async function ensureDefinitions() {
  const present = new Set((await get("/v2/human-evals")).map((row) => row.key));
  for (const [key, definition] of Object.entries(DEFINITIONS)) {
    if (present.has(key)) continue;
    const answer = await http("POST", "/v2/human-evals", { key, display_name: key, description: "", ...definition });
    assert.equal(answer.status, 200, answer.text);
  }
}

// ---- the guide

export const guide = (file) => readFileSync(join(process.env.POSTIL_GUIDE, file), "utf8");
export const EXAMPLES = JSON.parse(guide("expected.json"));

export async function prepareExample(span, name) {
  const before = EXAMPLES[name].before;
  if (before) {
    const list = Object.entries(before).map(([key, value]) => ({ key, value }));
    assert.equal((await http("POST", pathOf(span), { annotations: list })).status, 200);
  }
  assert.deepEqual(await stored(span), before ?? {});
}
