import { describe, expect, it } from "vitest";
import type { SpanSummary } from "../api/types";
import { bar, firstSpan, scaleOf, visible } from "./tree";

const span = (span_id: string, level: number, second = 0, duration_ms = 1000, type = "chain"): SpanSummary => ({
  trace_id: "t",
  span_id,
  level,
  type,
  name: span_id,
  status: "ok",
  has_children: false,
  started_at: new Date(second * 1000).toISOString(),
  ended_at: new Date(second * 1000 + duration_ms).toISOString(),
  duration_ms,
});

describe("the tree of a trace", () => {
  const spans = [
    span("a", 0, 0, 4000),
    span("b", 1, 1),
    span("c", 2, 1),
    span("d", 1, 2, 2000, "llm"),
    span("e", 0, 4),
  ];

  it("hides what lies below a folded span, and nothing else", () => {
    expect(visible(spans, new Set(["b"])).map(({ span_id }) => span_id)).toEqual(["a", "b", "d", "e"]);
    expect(visible(spans, new Set(["a"])).map(({ span_id }) => span_id)).toEqual(["a", "e"]);
  });

  it("draws bars inside of the trace", () => {
    const scale = scaleOf(spans);
    expect(scale.length).toBe(5000);
    expect(bar(spans[3] as SpanSummary, scale)).toEqual({ left: 40, width: 40 });
  });

  it("opens the leading span, else the first model call, else the first span", () => {
    expect(firstSpan(spans, "c")).toBe("c");
    expect(firstSpan(spans, undefined)).toBe("d");
    expect(firstSpan([], "x")).toBeUndefined();
  });
});
