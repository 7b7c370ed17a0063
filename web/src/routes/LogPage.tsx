import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ListTree, X } from "lucide-react";
import { asApiError } from "../api/error";
import type { LogDetail, Message, Normalized } from "../api/types";
import { may, useHere } from "../app/project";
import { AddToDataset } from "../datasets/AddToDataset";
import { useKeyName } from "../keys/keymap";
import { runCommand } from "../keys/useCommand";
import { Correction } from "../logs/Correction";
import { Margin } from "../review/Margin";
import { Conversation } from "../trace/Conversation";
import { IconButton } from "../ui/Button";
import { cx } from "../ui/cx";
import { duration, money } from "../ui/format";
import { ErrorPanel, Skeleton } from "../ui/State";
import { Status } from "../ui/Status";
import { Time } from "../ui/Time";
import { toast } from "../ui/Toast";

const route = getRouteApi("/inside/p/$project/logs/$log");

const textOf = (messages: Message[]): string =>
  messages
    .flatMap((message) => message.parts)
    .flatMap((part) => (part.type === "text" ? [part.text] : []))
    .join("\n\n");

/** One generation: what was asked, what was answered, what should have been. */
export function LogPage() {
  const here = useHere();
  const { api, project, me } = here;
  const { log: id } = route.useParams();
  const client = useQueryClient();
  const closeKey = useKeyName("close-trace");
  const query = useQuery({ queryKey: [project.key, "log", id], queryFn: () => api.log(id), staleTime: 10_000 });
  if (query.isPending) return <Skeleton lines={8} />;
  if (query.error) return <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />;
  const log = query.data;
  const answer = textOf(log.messages?.output ?? []) || (log.messages ? "" : (log.output_preview ?? ""));
  const refresh = () => {
    void client.invalidateQueries({ queryKey: [project.key, "log", id] });
    void client.invalidateQueries({ queryKey: [project.key, "logs"] });
    void client.invalidateQueries({ queryKey: [project.key, "annotations", log.trace_id, log.span_id] });
  };
  const save = async (value: string) => {
    try {
      const stored = await api.correct(id, value);
      client.setQueryData<LogDetail>([project.key, "log", id], stored);
      refresh();
      return undefined;
    } catch (cause) {
      return asApiError(cause);
    }
  };
  const remove = async () => {
    const before = log.correction?.value;
    try {
      await api.removeCorrection(id);
      refresh();
      toast("Correction removed", before ? { action: { label: "Undo", run: () => void save(before) } } : {});
    } catch (cause) {
      toast(asApiError(cause).message, { bad: true });
    }
  };
  // The answer stands below, beside its correction; the tools it called stay in the conversation.
  const shown: Normalized = {
    display_name: log.name,
    kind: "llm",
    convention: "",
    status: log.status === "error" ? "error" : "ok",
    input: log.messages?.input ?? [],
    output: (log.messages?.output ?? []).flatMap((message) => {
      const parts = message.parts.filter((part) => part.type !== "text");
      return parts.length > 0 ? [{ ...message, parts }] : [];
    }),
    ...(!log.messages && log.input_preview ? { input_raw: log.input_preview } : {}),
    ...(log.error ? { error: { message: log.error } } : {}),
  };
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex h-10 shrink-0 items-center gap-3 border-b px-4">
        <h1 className="min-w-0 truncate font-semibold">{log.name}</h1>
        <div className="num flex min-w-0 items-center gap-3 overflow-hidden text-sm whitespace-nowrap text-ink-2 max-md:hidden">
          <Status status={log.status} />
          <span>{log.model}</span>
          <span>{duration(log.duration_ms)}</span>
          <span>{money(log.cost)}</span>
          <Time iso={log.started_at} />
        </div>
        <span className="flex-1" />
        <Link
          to="/p/$project/traces/$trace"
          params={{ project: project.key, trace: log.trace_id }}
          search={{ span: log.span_id, range: "all" }}
          className="inline-flex h-8 shrink-0 items-center gap-1.5 text-sm text-ink-2 hover:text-ink"
        >
          <ListTree size={16} aria-hidden /> Its trace
        </Link>
        <IconButton name="Close the log" shortcut={closeKey} onClick={() => runCommand("close-trace")}>
          <X size={16} aria-hidden />
        </IconButton>
      </header>
      <div className="scroll grid min-h-0 flex-1 content-start lg:grid-cols-[minmax(0,1fr)_minmax(272px,27%)] lg:content-stretch lg:overflow-hidden">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
        <section tabIndex={0} aria-label="Conversation" className="scroll min-h-0 -outline-offset-2">
          <Conversation key={id} span={shown} />
          <div className="-mt-8">
            {answer !== "" && (
              <Correction
                key={id}
                log={log}
                original={answer}
                allowed={may(here, "annotate")}
                nameOf={(who) => (who.id === me.member?.id ? "you" : (who.name ?? who.id.slice(0, 12)))}
                onSave={save}
                onRemove={() => void remove()}
              />
            )}
            <div className={cx("px-4 pb-3", log.correction && "pt-3")}>
              <AddToDataset
                look="button"
                what="this log"
                sources={[{ trace_id: log.trace_id, span_id: log.span_id }]}
              />
            </div>
          </div>
        </section>
        <div className="min-h-0 max-lg:border-t-2 max-lg:border-t-line-strong lg:border-l">
          <Margin
            key={id}
            traceId={log.trace_id}
            spanId={log.span_id}
            evaluations={log.evaluations ?? []}
            without="correction"
          />
        </div>
      </div>
    </div>
  );
}
