import { Orq } from "@orq-ai/node";

const orq = new Orq({
  apiKey: process.env.ORQ_API_KEY,
});

const result = await orq.annotations.create({
  traceId: "<trace_id>",
  spanId: "<span_id>",
  annotations: [
    {
      key: "correction",
      value: "The correct answer should emphasize scalability and fault tolerance."
    }
  ]
});

console.log(result);
