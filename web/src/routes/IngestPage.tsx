import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, Info, TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import { settingsApi } from "../api";
import { asApiError } from "../api/error";
import type { IngestAdvice, IngestDoctor, IngestRejection, IngestSource } from "../api/settings";
import { useHere } from "../app/project";
import { useLive, useThrottled } from "../app/useLive";
import { Page, Section } from "../settings/Page";
import { Fold } from "../trace/Parts";
import { exportLines } from "../traces/exportLines";
import { CopyButton } from "../ui/Copy";
import { cx } from "../ui/cx";
import { Select } from "../ui/Field";
import { count } from "../ui/format";
import { ErrorPanel, Skeleton } from "../ui/State";
import { Time } from "../ui/Time";

const HOURS = [
  { value: "1", label: "Last hour" },
  { value: "24", label: "Last 24 hours" },
  { value: "48", label: "Last 48 hours" },
];

/** Settings: what arrives, from whom, and what to do when something is missing. */
export function IngestPage() {
  const { project } = useHere();
  const api = settingsApi(project.project_id);
  const [hours, setHours] = useState("24");
  const query = useQuery({
    queryKey: [project.key, "ingest", hours],
    queryFn: () => api.ingestDoctor(Number(hours)),
    staleTime: 5_000,
  });
  const again = useThrottled(() => void query.refetch(), 3000);
  useLive(({ counts }) => {
    if (counts["trace.created"] || counts["trace.updated"]) again();
  });
  return (
    <Page
      title="Ingest"
      about="Which applications send to this project, what could be read of it, and what to change where something is missing."
      action={
        <div className="w-40">
          <Select
            aria-label="How far back"
            options={HOURS}
            value={hours}
            onChange={(event) => setHours(event.target.value)}
          />
        </div>
      }
    >
      {query.isPending && <Skeleton lines={6} />}
      {query.error && <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />}
      {query.data && <Report report={query.data} />}
    </Page>
  );
}

function Report({ report }: { report: IngestDoctor }) {
  const { sources, rejected } = report;
  // What was refused has a part of the page of its own.
  const advice = report.advice.filter(({ code }) => code !== "rejected");
  const silent = sources.length === 0 && rejected.length === 0;
  return (
    <>
      {advice.length > 0 && !silent && (
        <ul className="mb-8 flex flex-col gap-2">
          {advice.map((one) => (
            <Advice key={one.code + one.message} advice={one} />
          ))}
        </ul>
      )}
      {silent ? (
        <Silence advice={advice} />
      ) : (
        <Section title="Senders" about="One for each client and instrumentation; who sent last comes first.">
          <ul className="border-t">
            {sources.map((source) => (
              <Source
                key={[source.client, source.sdk, source.scope.name, source.scope.version, source.convention].join("\n")}
                source={source}
              />
            ))}
          </ul>
        </Section>
      )}
      {rejected.length > 0 && (
        <Section title="Not stored" about="What was refused, and why. The sender was told the same.">
          <ul className="border-t">
            {rejected.map((one) => (
              <Rejected key={[one.what, one.reason, one.client].join("\n")} rejection={one} />
            ))}
          </ul>
        </Section>
      )}
      {report.metrics_requests > 0 && (
        <p className="text-sm text-ink-2">
          {count(report.metrics_requests)} {report.metrics_requests === 1 ? "request" : "requests"} with metrics came as
          well. They are accepted and dropped: Postil keeps traces and logs.
        </p>
      )}
    </>
  );
}

/** Something to know or to do, with what to paste. */
function Advice({ advice }: { advice: IngestAdvice }) {
  const warning = advice.severity === "warning";
  const Icon = warning ? TriangleAlert : Info;
  return (
    <li className={cx("rounded-[6px] border px-3 py-2 text-sm", warning ? "border-warn bg-warn-soft" : "bg-sheet")}>
      <p className="flex items-start gap-2">
        <Icon size={16} aria-hidden className={cx("mt-0.5 shrink-0", warning ? "text-warn" : "text-ink-3")} />
        <span className="min-w-0 [overflow-wrap:anywhere]">
          {warning && <span className="sr-only">Warning: </span>}
          {advice.message}
        </span>
      </p>
      {advice.setting && <Lines text={advice.setting} name="Copy the setting" />}
    </li>
  );
}

function Lines({ text, name }: { text: string; name: string }) {
  return (
    <div className="mt-2 flex items-start gap-1 rounded-[6px] border bg-sheet">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll */}
      <pre tabIndex={0} className="scroll min-w-0 flex-1 px-3 py-2 font-mono text-xs leading-5">
        {text}
      </pre>
      <span className="shrink-0 p-1">
        <CopyButton text={text} name={name} />
      </span>
    </div>
  );
}

/** Nothing came: the lines that make something come. */
function Silence({ advice }: { advice: IngestAdvice[] }) {
  const { project } = useHere();
  return (
    <section aria-label="Nothing arrived">
      <h2 className="mb-1 text-md font-semibold">Nothing arrived in this time</h2>
      {advice.map(({ message }) => (
        <p key={message} className="mb-2 max-w-[64ch] text-ink-2">
          {message}
        </p>
      ))}
      <p className="max-w-[64ch] text-ink-2">
        Paste these lines into the shell of an application that already emits traces. In the place of{" "}
        <code className="font-mono">YOUR_KEY</code> goes a key of this project, see{" "}
        <Link to="/p/$project/settings/api-keys" params={{ project: project.key }} className="text-accent underline">
          API keys
        </Link>
        .
      </p>
      <Lines
        text={exportLines(globalThis.location.origin, "YOUR_KEY").openTelemetry.join("\n")}
        name="Copy the lines"
      />
    </section>
  );
}

const CONVENTIONS: Record<string, string> = {
  otel_genai: "OpenTelemetry GenAI",
  openinference: "OpenInference",
  openllmetry: "OpenLLMetry",
  langfuse: "Langfuse",
  logfire: "Logfire",
  pydantic_ai: "Pydantic AI",
  vercel_ai: "Vercel AI SDK",
  mlflow: "MLflow",
  orq: "orq",
  langsmith: "LangSmith",
  anthropic_sdk: "Anthropic SDK",
  otel: "plain OpenTelemetry",
};

function Source({ source }: { source: IngestSource }) {
  const { scope, client, sdk, unmapped_attributes: unmapped } = source;
  const name = scope.name || client || sdk || "An unnamed client";
  const convention = source.convention && (CONVENTIONS[source.convention] ?? source.convention);
  const figures: [number, string, string][] = [
    [source.spans, "span", "spans"],
    [source.traces, "trace", "traces"],
    [source.model_calls, "model call", "model calls"],
    [source.log_records, "log record", "log records"],
  ];
  // The attributes are listed below.
  const advice = source.advice.filter(({ code }) => code !== "unmapped_attributes");
  const fine = advice.every(({ severity }) => severity !== "warning");
  return (
    <li className="border-b py-3 last:border-b-0">
      <div className="flex items-baseline gap-2">
        <h3 className="min-w-0 truncate font-medium" title={name}>
          {name} {scope.version && <span className="num font-normal text-ink-2">{scope.version}</span>}
        </h3>
        <span className="flex-1" />
        <Time iso={source.last_seen_at} className="num shrink-0 text-sm text-ink-2" />
      </div>
      <p className="text-sm break-words text-ink-2">
        {[convention && `read as ${convention}`, sdk, client].filter(Boolean).join(" · ")}
      </p>
      <p className="num mt-1 flex flex-wrap gap-x-4 text-sm">
        {figures
          .filter(([number], index) => number > 0 || index === 0)
          .map(([number, one, many]) => (
            <span key={many}>
              {count(number)} {number === 1 ? one : many}
            </span>
          ))}
        {source.errors > 0 && <span className="text-bad">{count(source.errors)} failed</span>}
        {source.model_calls_without_content > 0 && (
          <span className="text-warn">{count(source.model_calls_without_content)} without messages</span>
        )}
        {source.redacted > 0 && <span className="text-warn">{count(source.redacted)} redacted</span>}
      </p>
      {fine && unmapped.length === 0 && (
        <p className="mt-1 flex items-center gap-1.5 text-sm text-good">
          <CircleCheck size={14} aria-hidden /> Everything was read.
        </p>
      )}
      {advice.length > 0 && (
        <ul className="mt-2 flex flex-col gap-2">
          {advice.map((one) => (
            <Advice key={one.code} advice={one} />
          ))}
        </ul>
      )}
      {unmapped.length > 0 && (
        <div className="mt-2">
          <Fold
            label={`${count(unmapped.length)} ${unmapped.length === 1 ? "attribute" : "attributes"} without a place of ${unmapped.length === 1 ? "its" : "their"} own`}
          >
            <p className="mb-1 text-sm text-ink-2">
              They are kept as they came: see “Attributes” of a span, or filter by{" "}
              <code className="font-mono">attributes.&lt;key&gt;</code>.
            </p>
            <Figures rows={unmapped.map(({ key, count: number }) => [key, number])} />
          </Fold>
        </div>
      )}
    </li>
  );
}

function Figures({ rows }: { rows: [ReactNode, number][] }) {
  return (
    <ul className="text-sm">
      {rows.map(([what, number]) => (
        <li key={String(what)} className="flex gap-3 py-0.5">
          <code className="min-w-0 font-mono text-xs leading-5 break-all">{what}</code>
          <span className="num text-ink-3">{count(number)}×</span>
        </li>
      ))}
    </ul>
  );
}

const WHAT = {
  span: ["span", "spans"],
  log_record: ["log record", "log records"],
  request: ["request", "requests"],
} as const;

function Rejected({ rejection }: { rejection: IngestRejection }) {
  const [one, many] = WHAT[rejection.what];
  return (
    <li className="border-b py-2 text-sm last:border-b-0">
      <div className="flex items-baseline gap-3">
        <span className="num shrink-0 font-medium text-bad">
          {count(rejection.count)} {rejection.count === 1 ? one : many}
        </span>
        <span className="min-w-0 flex-1 break-words">{rejection.reason}</span>
        <Time iso={rejection.last_seen_at} className="num shrink-0 text-ink-2" />
      </div>
      {rejection.client && <p className="truncate text-ink-2">{rejection.client}</p>}
    </li>
  );
}
