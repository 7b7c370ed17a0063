// Vercel's AI SDK: the same for its major versions 4, 5 and 6, as far as they let it be.
import { createOpenAI } from "@ai-sdk/openai";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import * as ai from "ai";
import { z } from "zod";

const { POSTIL_SESSION, POSTIL_USER, MODEL_URL } = process.env;
const SYSTEM = "You are a careful clerk. Answer briefly – “kurz”.";
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": "vercel" }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
provider.register();

const openai = createOpenAI({ baseURL: `${MODEL_URL}/v1`, apiKey: "none", compatibility: "strict" });
const telemetry = {
  isEnabled: true,
  metadata: { sessionId: POSTIL_SESSION, userId: POSTIL_USER, tags: ["blue", "grün"], tier: "gold" },
};
const shared = { model: openai.chat("gpt-5-mini"), maxRetries: 0, experimental_telemetry: telemetry };
const schema = z.object({ city: z.string() });
const tools = {
  get_weather: {
    description: "The weather of a city.",
    parameters: schema, // version 4
    inputSchema: schema, // since version 5
    execute: async ({ city }) => ({ city, celsius: 18 }),
  },
};
const steps = ai.stepCountIs ? { stopWhen: ai.stepCountIs(3) } : { maxSteps: 3 };

async function refused(call) {
  try {
    await call();
  } catch (error) {
    if (/Slow down|Something broke/.test(String(error))) return;
    throw error;
  }
  throw new Error("the model did not refuse");
}

await ai.generateText({ ...shared, system: SYSTEM, prompt: 'plain: what is 2 < 3 & "why"? 日本', temperature: 0.25 });
await ai.generateText({ ...shared, ...steps, system: SYSTEM, prompt: "tools: what is the weather in Zürich?", tools });
const stream = ai.streamText({ ...shared, system: SYSTEM, prompt: "stream: count to three" });
for await (const _ of stream.textStream);
await refused(() => ai.generateText({ ...shared, prompt: "limited: [429]" }));
await refused(() => ai.generateText({ ...shared, prompt: "broken: [500]" }));
const embedding = openai.textEmbeddingModel?.("text-embedding-3-small") ?? openai.embedding("text-embedding-3-small");
await ai.embed({ model: embedding, value: "embed: a word", maxRetries: 0, experimental_telemetry: telemetry });
if (openai.responses && ai.stepCountIs) {
  const model = openai.responses("gpt-5-mini");
  await ai.generateText({ ...shared, model, prompt: "respond: in one word" });
}
await provider.shutdown();
