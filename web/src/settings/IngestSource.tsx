import { CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { IngestAdvice, IngestSource } from "../api/settings";
import { Fold } from "../trace/Parts";
import { CopyButton } from "../ui/Copy";
import { cx } from "../ui/cx";
import { count } from "../ui/format";
import { Time } from "../ui/Time";

/** Something to know or to do, with what to paste. */
export function Advice({ advice }: { advice: IngestAdvice }) {
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

export function Lines({ text, name }: { text: string; name: string }) {
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

export function Source({ source }: { source: IngestSource }) {
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
