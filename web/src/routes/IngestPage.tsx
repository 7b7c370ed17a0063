import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { settingsApi } from "../api";
import { asApiError } from "../api/error";
import type { IngestAdvice, IngestDoctor, IngestRejection } from "../api/settings";
import { useHere } from "../app/project";
import { useLive, useThrottled } from "../app/useLive";
import { Advice, Lines, Source } from "../settings/IngestSource";
import { Page, Section } from "../settings/Page";
import { exportLines } from "../traces/exportLines";
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
