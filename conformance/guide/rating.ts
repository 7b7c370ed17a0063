import { Orq } from "@orq-ai/node";

const orq = new Orq({
  apiKey: process.env.ORQ_API_KEY,
});

const result = await orq.annotations.create({
  traceId: "<trace_id>",
  spanId: "<span_id>",
  annotations: [
    {
      key: "rating",
      value: "good"
    }
  ]
});

console.log(result);
