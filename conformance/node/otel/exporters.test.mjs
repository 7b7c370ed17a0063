// The OpenTelemetry exporters for JavaScript, in every encoding they have.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { SpanStatusCode, context, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";

import { CHAT, GRPC, KEY, URL_, ensureDefinitions, get, http, pathOf, stored } from "../support.mjs";

before(ensureDefinitions);

const GRPC_URL = `http://${GRPC.replace("http://", "")}`;
const authorization = `Bearer ${KEY}`;

/** Passes spans on and keeps what the exporter said. */
class Keeping {
  results = [];
  constructor(inner) { this.inner = inner; }
  export(spans, done) { this.inner.export(spans, (result) => { this.results.push(result); done(result); }); }
  forceFlush() { return this.inner.forceFlush?.() ?? Promise.resolve(); }
  shutdown() { return this.inner.shutdown(); }
}

async function metadata(key) {
  const { createRequire } = await import("node:module");
  const require = createRequire(createRequire(import.meta.url).resolve("@opentelemetry/exporter-trace-otlp-grpc"));
  const { Metadata } = require("@grpc/grpc-js");
  const made = new Metadata();
  made.set("authorization", key);
  return made;
}

const EXPORTERS = {
  "http protobuf": () => new ProtoExporter({ url: `${URL_}/v1/traces`, headers: { authorization } }),
  "http protobuf gzip": () => new ProtoExporter({ url: `${URL_}/v1/traces`, headers: { authorization }, compression: "gzip" }),
  "http json": () => new JsonExporter({ url: `${URL_}/v1/traces`, headers: { authorization } }),
  "http json gzip": () => new JsonExporter({ url: `${URL_}/v1/traces`, headers: { authorization }, compression: "gzip" }),
  "http json orq path": () => new JsonExporter({ url: `${URL_}/v2/otel/v1/traces`, headers: { authorization } }),
  "grpc": async () => new GrpcExporter({ url: GRPC_URL, metadata: await metadata(authorization) }),
  "grpc gzip": async () => new GrpcExporter({ url: GRPC_URL, metadata: await metadata(authorization), compression: "gzip" }),
};

async function traceWith(exporter, body) {
  const keeping = new Keeping(exporter);
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": "conformance" }),
    spanProcessors: [new SimpleSpanProcessor(keeping)],
  });
  const made = await body(provider.getTracer("conformance", "1.0"));
  await provider.forceFlush().catch(() => {}); // what went wrong is in the results
  await provider.shutdown();
  return { made, results: keeping.results };
}

const idsOf = (span) => ({ traceId: span.spanContext().traceId, spanId: span.spanContext().spanId });

for (const [name, make] of Object.entries(EXPORTERS)) {
  test(`${name}: spans arrive and can be annotated`, async () => {
    const { made, results } = await traceWith(await make(), (tracer) => {
      const root = tracer.startSpan("answer");
      const call = tracer.startSpan("chat gpt-4o-mini", { kind: 2, attributes: CHAT }, trace.setSpan(context.active(), root));
      call.setAttributes({ list: ["a", "b"], ratio: 0.5, yes: true, unicode: "żółw 🐢" });
      call.addEvent("first token", { index: 1 });
      call.end();
      root.recordException(new Error("no water"));
      root.setStatus({ code: SpanStatusCode.ERROR, message: "no water" });
      root.end();
      return { root: idsOf(root), call: idsOf(call) };
    });
    assert.deepEqual(results.map((result) => [result.code, result.error]), [[0, undefined], [0, undefined]]);
    const { root, call } = made;
    const spans = (await get(`/v3/traces/${root.traceId}/spans`)).data;
    const parents = Object.fromEntries(spans.map((span) => [span.span_id, span.parent_span_id]));
    assert.deepEqual(parents, { [root.spanId]: undefined, [call.spanId]: root.spanId });
    const detail = JSON.stringify(await get(`/v3/traces/${call.traceId}/spans/${call.spanId}`));
    assert.ok(detail.includes("How do I water a cactus?") && detail.includes("żółw 🐢"));
    assert.ok(JSON.stringify(await get(`/v3/traces/${root.traceId}/spans/${root.spanId}`)).includes("no water"));
    for (const span of [root, call]) {
      assert.equal((await http("POST", pathOf(span), { annotations: [{ key: "rating", value: "good" }] })).status, 200);
      assert.deepEqual(await stored(span), { rating: "good" });
    }
  });
}

const WRONG = "Bearer sk-orq-wrong";
for (const [name, make] of [
  ["http protobuf", () => new ProtoExporter({ url: `${URL_}/v1/traces`, headers: { authorization: WRONG } })],
  ["http json", () => new JsonExporter({ url: `${URL_}/v1/traces`, headers: { authorization: WRONG } })],
  ["grpc", async () => new GrpcExporter({ url: GRPC_URL, metadata: await metadata(WRONG) })],
]) {
  test(`${name}: a wrong key is refused`, async () => {
    const { made, results } = await traceWith(await make(), (tracer) => {
      const span = tracer.startSpan("secret");
      span.end();
      return idsOf(span);
    });
    assert.equal(results[0].code, 1);
    assert.equal((await http("GET", `/v3/traces/${made.traceId}`)).status, 404);
  });
}
