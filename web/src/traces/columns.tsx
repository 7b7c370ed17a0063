import { type ReactNode, useState } from "react";
import type { HumanReview, TraceSummary } from "../api/types";
import { InQueues } from "../queues/InQueues";
import { AnswerMark } from "../review/sentiment";
import { cx } from "../ui/cx";
import { count, duration, money, oneLine, shortModel, tokens } from "../ui/format";
import { Status } from "../ui/Status";
import { Time } from "../ui/Time";

export type Reviews = Map<string, HumanReview>;

/** A column of the list of traces. */
export interface Column {
  id: string;
  label: string;
  /** Its room in the grid. */
  room: string;
  /** Left out where there is little room. */
  wideOnly?: boolean;
  right?: boolean;
  /** Shown unless somebody chose otherwise. */
  usual?: boolean;
  cell: (trace: TraceSummary, reviews: Reviews) => ReactNode;
}

export function Judged({ trace, reviews }: { trace: TraceSummary; reviews: Reviews }) {
  const given = trace.annotations ?? [];
  const shown = given.slice(0, 2);
  return (
    <span className="flex min-w-0 gap-1 overflow-hidden">
      {shown.map((annotation) => (
        <AnswerMark
          shrinks
          key={`${annotation.span_id} ${annotation.key} ${annotation.annotator_kind} ${JSON.stringify(annotation.value)}`}
          name={annotation.key}
          review={reviews.get(annotation.key)}
          value={annotation.value}
        />
      ))}
      {given.length > shown.length && (
        <span className="num text-xs leading-5 text-ink-3">+{given.length - shown.length}</span>
      )}
      <InQueues of={trace} />
    </span>
  );
}

const text = (value: string | undefined, look = "text-ink-2") => (
  <span className={cx("truncate", look)} dir="auto" title={value}>
    {value}
  </span>
);
const figure = (value: ReactNode) => <span className="num text-right text-ink-2">{value}</span>;

export const COLUMNS: readonly Column[] = [
  {
    id: "name",
    label: "Name",
    room: "minmax(100px,1fr)",
    usual: true,
    cell: (trace) => <span className="truncate font-medium">{trace.name}</span>,
  },
  {
    id: "input",
    label: "Input",
    room: "minmax(120px,2fr)",
    usual: true,
    cell: (trace) => (
      <span className="truncate" dir="auto">
        {oneLine(trace.input)}
      </span>
    ),
  },
  {
    id: "output",
    label: "Output",
    room: "minmax(120px,2.2fr)",
    usual: true,
    cell: (trace) => (
      <span className={cx("truncate", trace.output ? "text-ink-2" : "text-bad")} dir="auto">
        {oneLine(trace.output ?? trace.error?.message)}
      </span>
    ),
  },
  {
    id: "model",
    label: "Model",
    room: "120px",
    usual: true,
    wideOnly: true,
    cell: (trace) => (
      <span className="truncate text-ink-2" title={trace.models?.join(", ")}>
        {shortModel(trace.models?.[0])}
        {(trace.models?.length ?? 0) > 1 && ` +${(trace.models?.length ?? 0) - 1}`}
      </span>
    ),
  },
  { id: "status", label: "Status", room: "64px", usual: true, cell: (trace) => <Status status={trace.status} /> },
  {
    id: "latency",
    label: "Latency",
    room: "64px",
    usual: true,
    right: true,
    cell: (trace) => figure(duration(trace.duration_ms)),
  },
  {
    id: "tokens",
    label: "Tokens",
    room: "56px",
    usual: true,
    right: true,
    wideOnly: true,
    cell: (trace) => figure(tokens(trace.usage?.total_tokens)),
  },
  {
    id: "cost",
    label: "Cost",
    room: "72px",
    usual: true,
    right: true,
    wideOnly: true,
    cell: (trace) => figure(money(trace.cost?.total, trace.cost?.currency)),
  },
  {
    id: "spans",
    label: "Spans",
    room: "56px",
    right: true,
    cell: (trace) => figure(trace.span_count !== undefined && count(trace.span_count)),
  },
  { id: "user", label: "User", room: "minmax(80px,1fr)", cell: (trace) => text(trace.identity_id) },
  { id: "session", label: "Session", room: "minmax(80px,1fr)", cell: (trace) => text(trace.session_id) },
  { id: "tags", label: "Tags", room: "minmax(80px,1fr)", cell: (trace) => text(trace.tags?.join(", ")) },
  { id: "service", label: "Service", room: "minmax(80px,1fr)", cell: (trace) => text(trace.service) },
  { id: "environment", label: "Environment", room: "96px", cell: (trace) => text(trace.environment) },
  {
    id: "judged",
    label: "Judged",
    room: "minmax(124px,1fr)",
    usual: true,
    cell: (trace, reviews) => <Judged trace={trace} reviews={reviews} />,
  },
  {
    id: "time",
    label: "Time",
    room: "88px",
    usual: true,
    right: true,
    cell: (trace) =>
      trace.started_at ? <Time iso={trace.started_at} className="num truncate text-right text-ink-2" /> : <span />,
  },
];

export const USUAL: readonly string[] = COLUMNS.filter(({ usual }) => usual).map(({ id }) => id);

/** The columns that are known and chosen, in the order of the table; the usual ones when none is left. */
export function chosenColumns(ids: readonly string[]): string[] {
  const known = COLUMNS.filter(({ id }) => ids.includes(id)).map(({ id }) => id);
  return known.length > 0 ? known : [...USUAL];
}

/** The room of the columns, for head and rows alike. */
export const gridOf = (columns: readonly Column[]): string => columns.map(({ room }) => room).join(" ");

const STORED = "postil.columns";

/** The columns, as this person likes them. */
export function useColumns(): [string[], (ids: readonly string[]) => void] {
  const [ids, setIds] = useState(() => chosenColumns((localStorage.getItem(STORED) ?? "").split(",")));
  const choose = (next: readonly string[]) => {
    const columns = chosenColumns(next);
    localStorage.setItem(STORED, columns.join(","));
    setIds(columns);
  };
  return [ids, choose];
}
