import type { SpanSummary } from "../api/types";

/** The spans in sight: those below a folded span are not. The server sends each below its parent. */
export function visible(spans: SpanSummary[], folded: ReadonlySet<string>): SpanSummary[] {
  const shown: SpanSummary[] = [];
  let below = Number.POSITIVE_INFINITY;
  for (const span of spans) {
    if (span.level > below) continue;
    below = folded.has(span.span_id) ? span.level : Number.POSITIVE_INFINITY;
    shown.push(span);
  }
  return shown;
}

export interface Scale {
  start: number;
  length: number;
}

export function scaleOf(spans: SpanSummary[]): Scale {
  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (const span of spans) {
    const begun = Date.parse(span.started_at);
    if (begun < start) start = begun;
    if (begun + span.duration_ms > end) end = begun + span.duration_ms;
  }
  return Number.isFinite(start) ? { start, length: Math.max(end - start, 0.001) } : { start: 0, length: 1 };
}

/** Where a span's bar begins and how long it is, in hundredths of the trace. */
export function bar(span: SpanSummary, { start, length }: Scale): { left: number; width: number } {
  const left = Math.min(99, Math.max(0, ((Date.parse(span.started_at) - start) / length) * 100));
  return { left, width: Math.min(100 - left, Math.max(1, (span.duration_ms / length) * 100)) };
}

/** The span to open when the address names none: the one whose answer the trace shows. */
export function firstSpan(spans: SpanSummary[], leading: string | undefined): string | undefined {
  return (spans.find(({ span_id }) => span_id === leading) ?? spans.find(({ type }) => type === "llm") ?? spans[0])
    ?.span_id;
}

/**
 * Without the replies to streamed requests, which the requests show: unless one is chosen, or other spans hang from it.
 */
export function withoutReplies(spans: SpanSummary[], chosen: string | undefined): SpanSummary[] {
  const is = (span: SpanSummary) =>
    span.reply_to_span_id !== undefined && !span.has_children && span.span_id !== chosen;
  return spans.some(is) ? spans.filter((span) => !is(span)) : spans;
}
