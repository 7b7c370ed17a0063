import { type ReactNode, useState } from "react";
import type { Json, SpanDetail as Span } from "../api/types";
import { useCommand } from "../keys/useCommand";
import { InQueues } from "../queues/InQueues";
import { CodeBlock } from "../ui/CodeBlock";
import { CopyText } from "../ui/Copy";
import { duration, exact, money, tokens } from "../ui/format";
import { JsonTree } from "../ui/JsonTree";
import { Empty } from "../ui/State";
import { Status } from "../ui/Status";
import { Tabs } from "../ui/Tabs";
import { Conversation } from "./Conversation";
import { KindIcon, kindName } from "./kinds";
import { Fold } from "./Parts";

const TABS = ["conversation", "request", "attributes", "events", "raw"] as const;
type TabId = (typeof TABS)[number];

const isTab = (tab: string | undefined): tab is TabId => TABS.includes(tab as TabId);

/** One span: what was said, what was asked for, and everything that came with it. */
export function SpanDetail({
  span,
  tab: wanted,
  onTab,
  onSpan,
}: {
  span: Span;
  tab: string | undefined;
  onTab: (tab: string) => void;
  onSpan: (span: string) => void;
}) {
  const tab = isTab(wanted) ? wanted : "conversation";
  const [before, setBefore] = useState<TabId>("conversation");
  useCommand("raw", () => {
    if (tab === "raw") onTab(before);
    else {
      setBefore(tab);
      onTab("raw");
    }
  });
  const { summary, normalized } = span;
  const facts = [
    kindName(summary.type),
    summary.model,
    duration(summary.duration_ms),
    summary.usage?.total_tokens !== undefined && `${tokens(summary.usage.total_tokens)} tokens`,
    money(summary.cost?.total, summary.cost?.currency),
  ].filter(Boolean);
  return (
    <section aria-label={`Span ${summary.name}`} className="flex h-full min-h-0 flex-col">
      <header className="border-b px-4 pt-2.5">
        <div className="flex items-center gap-2">
          <KindIcon kind={summary.type} />
          <h2 className="min-w-0 truncate font-semibold">{summary.name}</h2>
          {summary.status === "error" && (
            <span className="text-sm">
              <Status status="error" />
            </span>
          )}
          <span className="flex-1" />
          <CopyText text={summary.span_id} name="span id" />
        </div>
        <p className="mt-0.5 truncate text-sm text-ink-2" title={exact(summary.started_at)}>
          {facts.join(" · ")}
        </p>
        <OtherHalf summary={summary} onSpan={onSpan} />
        <InQueues of={span} />
        <div className="-mx-3">
          <Tabs
            label="Views of this span"
            panel="span-panel"
            value={tab}
            onChange={onTab}
            tabs={[
              { id: "conversation", label: "Conversation" },
              { id: "request", label: "Request" },
              { id: "attributes", label: "Attributes", count: Object.keys(span.attributes).length },
              { id: "events", label: "Events", count: span.events.length || undefined },
              { id: "raw", label: "Raw" },
            ]}
          />
        </div>
      </header>
      <div
        key={summary.span_id}
        id="span-panel"
        role="tabpanel"
        aria-labelledby={`span-panel-${tab}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        className="scroll min-h-0 flex-1 -outline-offset-2"
      >
        {tab === "conversation" && <Conversation span={normalized} />}
        {tab === "request" && <Request span={span} />}
        {tab === "attributes" && (
          <Sections
            parts={[
              ["Attributes", span.attributes],
              ["Resource", span.resource],
              ["Scope", span.scope],
              ["OpenTelemetry", span.otel],
            ]}
          />
        )}
        {tab === "events" && <Events span={span} />}
        {tab === "raw" && (
          <div className="p-3">
            <CodeBlock
              code={JSON.stringify({ ...span, annotations: undefined, evaluations: undefined }, null, 2)}
              language="JSON"
              tall
            />
          </div>
        )}
      </div>
    </section>
  );
}

function Sections({ parts }: { parts: [string, Json | undefined][] }) {
  return (
    <div className="flex flex-col gap-4 p-4">
      {parts.map(([name, value]) => (
        <section key={name} aria-label={name}>
          <h3 className="mb-1 text-xs font-semibold text-ink-2">{name}</h3>
          <JsonTree value={value ?? {}} open={2} />
        </section>
      ))}
    </div>
  );
}

function Facts({ rows }: { rows: [string, ReactNode][] }) {
  const known = rows.filter(([, value]) => value !== undefined && value !== "" && value !== false);
  return (
    <dl className="grid grid-cols-[minmax(110px,auto)_minmax(0,1fr)] gap-x-6 gap-y-1.5 text-sm">
      {known.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-2">{name}</dt>
          <dd className="break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Request({ span }: { span: Span }) {
  const { normalized: n, summary } = span;
  const u = n.usage ?? {};
  return (
    <div className="flex flex-col gap-6 p-4">
      <Facts
        rows={[
          ["Provider", n.provider],
          ["Model asked", n.request_model],
          ["Model answered", n.response_model],
          ["Ended by", n.finish_reasons?.join(", ")],
          ["First token after", n.ttft_ns === undefined ? undefined : duration(n.ttft_ns / 1e6)],
          [
            "Tokens in",
            u.input !== undefined && `${tokens(u.input)}${u.cache_read ? `, ${tokens(u.cache_read)} from cache` : ""}`,
          ],
          [
            "Tokens out",
            u.output !== undefined && `${tokens(u.output)}${u.reasoning ? `, ${tokens(u.reasoning)} reasoning` : ""}`,
          ],
          [
            "Cost",
            n.cost &&
              `${money(n.cost.total, n.cost.currency)}${n.cost.source === "computed" ? ", from the price table" : ", as the client said"}`,
          ],
          ["Agent", n.agent_name],
          ["Prompt", n.prompt?.name && `${n.prompt.name}${n.prompt.version ? `, version ${n.prompt.version}` : ""}`],
          ["Session", n.session_id && <CopyText text={n.session_id} name="session id" short={32} />],
          ["User", n.user_id && <CopyText text={n.user_id} name="user id" short={32} />],
          ["Tags", n.tags?.join(", ")],
          ["Started", exact(summary.started_at)],
          ["Took", duration(summary.duration_ms)],
          ["Convention", `${n.convention}${n.convention_version ? ` ${n.convention_version}` : ""}`],
        ]}
      />
      {n.params && Object.keys(n.params).length > 0 && <Part name="Parameters" value={n.params} />}
      {n.metadata && Object.keys(n.metadata).length > 0 && <Part name="Metadata" value={n.metadata} />}
      {n.prompt?.template && (
        <section aria-label="Template">
          <h3 className="mb-1 text-xs font-semibold text-ink-2">Template</h3>
          <CodeBlock code={n.prompt.template} />
        </section>
      )}
      {n.prompt?.variables !== undefined && <Part name="Variables" value={n.prompt.variables} />}
      {n.tools && n.tools.length > 0 && (
        <section aria-label="Tools">
          <h3 className="mb-1 text-xs font-semibold text-ink-2">Tools the model could call</h3>
          {n.tools.map((tool) => (
            <Fold
              key={tool.name}
              label={
                <span className="truncate">
                  <span className="font-mono text-ink">{tool.name}</span> {tool.description}
                </span>
              }
            >
              <JsonTree value={tool.schema ?? {}} open={3} />
            </Fold>
          ))}
        </section>
      )}
    </div>
  );
}

function Part({ name, value }: { name: string; value: Json }) {
  return (
    <section aria-label={name}>
      <h3 className="mb-1 text-xs font-semibold text-ink-2">{name}</h3>
      <JsonTree value={value} open={2} />
    </section>
  );
}

function Events({ span }: { span: Span }) {
  if (span.events.length === 0 && span.links.length === 0)
    return <Empty title="No events">This span recorded none, and links to no other.</Empty>;
  return (
    <Sections
      parts={[["Events", span.events], ...(span.links.length > 0 ? [["Links", span.links] as [string, Json]] : [])]}
    />
  );
}

/** A streamed call that its client reports as two spans is shown as one; this is the way to the other. */
function OtherHalf({ summary, onSpan }: { summary: Span["summary"]; onSpan: (span: string) => void }) {
  const { reply_span_id: reply, reply_to_span_id: request } = summary;
  const other = reply ?? request;
  if (other === undefined) return null;
  return (
    <p className="mt-0.5 text-sm text-ink-2">
      {reply ? "The reply came as a span of its own. " : "This is the reply to a streamed request, which shows it. "}
      <button type="button" className="text-accent underline" onClick={() => onSpan(other)}>
        {reply ? "Show that span" : "Show the request"}
      </button>
    </p>
  );
}
