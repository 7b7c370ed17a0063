import { Link } from "@tanstack/react-router";
import { Link2 } from "lucide-react";
import type { LinkedTrace } from "../api/types";
import { useHere } from "../app/project";

/** The other traces that report calls of this one, so that nobody judges or counts a call twice. */
export function LinkedTraces({ links }: { links: LinkedTrace[] }) {
  const { project } = useHere();
  const others = [...new Map(links.map((link) => [link.trace_id, link])).values()];
  if (others.length === 0) return null;
  const same = others.every(({ reason }) => reason === "same_response");
  return (
    <p className="shrink-0 border-b bg-well px-3 py-1.5 text-sm text-ink-2">
      <Link2 size={14} aria-hidden className="mr-2 inline" />
      {same
        ? "The same call is also in another trace. Its tokens and cost count once."
        : "The other half of a streamed call is in another trace."}
      {others.map(({ trace_id, linked_span_id }) => (
        <Link
          key={trace_id}
          to="/p/$project/traces/$trace"
          params={{ project: project.key, trace: trace_id }}
          search={(before) => ({ ...before, span: linked_span_id })}
          className="ml-2 font-mono text-xs text-accent underline"
          title={trace_id}
        >
          {trace_id.slice(0, 8)}…
        </Link>
      ))}
    </p>
  );
}
