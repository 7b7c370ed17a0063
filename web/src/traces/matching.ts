/** A trace where a span is asked for: the one whose answer the trace shows. */
export const asSource = (trace_id: string) => ({ trace_id });
