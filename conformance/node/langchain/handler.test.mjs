// The LangChain handler of the Node client, with model calls that need no network.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";

import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Orq } from "orq-latest";
import * as newest from "orq-latest/langchain";
import * as older from "orq-4.12/langchain";

import { KEY, URL_, ensureDefinitions, eventually, get, http, stored } from "../support.mjs";

before(ensureDefinitions);

const orq = new Orq({ apiKey: KEY, serverURL: URL_ });
const model = () => new FakeListChatModel({ responses: ["Rarely."] });

/** The spans of a run, and that each of them can be annotated through the API client. */
async function arrived(runId, count, text) {
  const traceId = runId.replaceAll("-", "");
  const spans = await eventually(async () => {
    const answer = await http("GET", `/v3/traces/${traceId}/spans?limit=100`);
    return answer.status === 200 && answer.json().data.length >= count && answer.json().data;
  });
  assert.ok(spans, "the spans did not arrive");
  assert.equal(spans.length, count);
  for (const span of spans) {
    assert.equal(span.span_id.length, 32, "ids are kept as they were sent");
    assert.equal(span.parent_span_id ?? "", span.span_id === traceId ? "" : traceId);
    await orq.annotations.create({ traceId, spanId: span.span_id, requestBody: { annotations: [{ key: "rating", value: "good" }] } });
    assert.deepEqual(await stored({ traceId, spanId: span.span_id }), { rating: "good" });
  }
  assert.ok(JSON.stringify(await get(`/v3/traces/${traceId}/spans/${traceId}`)).includes(text));
  return get(`/v3/traces/${traceId}`);
}

for (const [version, langchain] of [["newest", newest], ["4.12", older]]) {
  for (const kind of ["OrqLangchainCallback", "AsyncOrqLangchainCallback"]) {
    test(`${version}: ${kind}: a model call`, async () => {
      const handler = new langchain[kind](KEY, URL_);
      const runId = randomUUID();
      await model().invoke("How do I water a cactus?", { callbacks: [handler], runId });
      await handler.close();
      await arrived(runId, 1, "Rarely.");
    });
  }

  test(`${version}: a chain`, async () => {
    const handler = new langchain.OrqLangchainCallback(KEY, URL_);
    const runId = randomUUID();
    const prompt = ChatPromptTemplate.fromMessages([["system", "You are a gardener."], ["human", "{question}"]]);
    const chain = prompt.pipe(model()).pipe(RunnableLambda.from((message) => message.content.toUpperCase()));
    await chain.invoke({ question: "How do I water a cactus?" }, { callbacks: [handler], runId });
    await handler.close();
    await arrived(runId, 4, "RARELY.");
  });

  test(`${version}: a tool, and a failure`, async () => {
    const handler = new langchain.OrqLangchainCallback(KEY, URL_);
    const [toolRun, failedRun] = [randomUUID(), randomUUID()];
    const lookup = tool(({ plant }) => `${plant}: dry`, {
      name: "lookup", description: "Looks a plant up.",
      schema: { type: "object", properties: { plant: { type: "string" } }, required: ["plant"] },
    });
    await lookup.invoke({ plant: "cactus" }, { callbacks: [handler], runId: toolRun });
    const failing = RunnableLambda.from(() => { throw new Error("no water"); });
    await assert.rejects(failing.invoke("x", { callbacks: [handler], runId: failedRun }));
    await handler.close();
    const fine = await arrived(toolRun, 1, "cactus: dry");
    const failed = await arrived(failedRun, 1, "no water");
    assert.notEqual(failed.trace.status, fine.trace.status);
  });
}

test("set up once for the whole program", async () => {
  newest.setup({ apiKey: KEY, apiUrl: URL_ });
  const runId = randomUUID();
  await model().invoke("How do I water a cactus?", { runId });
  await newest.teardown();
  await arrived(runId, 1, "Rarely.");
});
