import { Bot, FileText, Settings2, TriangleAlert, User, Wrench } from "lucide-react";
import { type ReactNode, useMemo, useRef } from "react";
import type { Json, Normalized } from "../api/types";
import { useCommand } from "../keys/useCommand";
import { CodeBlock } from "../ui/CodeBlock";
import { cx } from "../ui/cx";
import { count, words } from "../ui/format";
import { JsonTree } from "../ui/JsonTree";
import { Markdown } from "../ui/Markdown";
import { Empty } from "../ui/State";
import { asText, type Turn, turns, unpacked } from "./cards";
import { BlockView, Fold } from "./Parts";

const ROLES = {
  system: { label: "System", icon: Settings2 },
  user: { label: "User", icon: User },
  assistant: { label: "Assistant", icon: Bot },
  tool: { label: "Tool", icon: Wrench },
  document: { label: "Document", icon: FileText },
} as const;

/** Of a long conversation the middle is folded: what came first and what came last are read most. */
const LONG = 24;

/** Of a found document so many characters are shown first, so that the others are in sight. */
const EXCERPT = 600;

function Line({
  speaker,
  name,
  output,
  children,
  finish,
}: {
  speaker: keyof typeof ROLES;
  name?: string | undefined;
  output?: boolean;
  children: ReactNode;
  finish?: string | undefined;
}) {
  const { label, icon: Icon } = ROLES[speaker];
  return (
    <article
      aria-label={`${speaker === "document" ? `${label} ${name}` : (name ?? label)}${output ? ", answer" : ""}`}
      tabIndex={-1}
      data-message
      className={cx(
        "border-s-2 px-4 py-3 -outline-offset-2",
        output ? "border-s-accent bg-sheet" : "border-s-transparent",
      )}
    >
      <h3 className="mb-1 flex items-center gap-1.5 text-xs font-semibold text-ink-2">
        <Icon size={14} aria-hidden />
        {name ? `${label} · ${name}` : label}
        {finish && finish !== "stop" && finish !== "end_turn" && (
          <span className="font-normal text-ink-3">ended by {finish}</span>
        )}
      </h3>
      {children}
    </article>
  );
}

const textOf = (turn: Turn) =>
  turn.blocks.map((block) => (block.kind === "part" && block.part.type === "text" ? block.part.text : "")).join(" ");

function TurnView({ turn }: { turn: Turn }) {
  const body = turn.blocks.map((block, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a conversation does not change
    <BlockView key={index} block={block} />
  ));
  const length = turn.role === "system" ? words(textOf(turn)) : 0;
  return (
    <Line speaker={turn.role} name={turn.name} output={turn.output} finish={turn.finish}>
      {turn.role === "system" && length > 30 ? (
        <Fold label={`Instructions, ${count(length)} words`}>{body}</Fold>
      ) : (
        <div className="space-y-2">{body}</div>
      )}
      {turn.blocks.length === 0 && <p className="text-sm text-ink-3">Nothing was recorded here.</p>}
    </Line>
  );
}

function Raw({ value }: { value: Json }) {
  const read = unpacked(value);
  return typeof read === "object" && read !== null ? (
    <JsonTree value={read} open={3} />
  ) : (
    <Markdown text={asText(read)} />
  );
}

/** What was said, for reading: messages, a tool's run, found documents, or plain input and output. */
export function Conversation({ span }: { span: Normalized }) {
  const box = useRef<HTMLDivElement>(null);
  const all = useMemo(() => turns(span.input ?? [], span.output ?? []), [span]);
  const move = (pick: (messages: HTMLElement[], at: number) => number) => {
    const messages = [...(box.current?.querySelectorAll<HTMLElement>("[data-message]") ?? [])];
    const at = messages.findIndex((message) => message.contains(document.activeElement));
    const next = messages[Math.max(0, Math.min(messages.length - 1, pick(messages, at)))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  useCommand("next-message", () => move((_, at) => at + 1));
  useCommand("previous-message", () => move((messages, at) => (at < 0 ? messages.length - 1 : at - 1)));
  useCommand("first-message", () => move(() => 0));
  useCommand("last-message", () => move((messages) => messages.length - 1));
  const { tool, documents, error } = span;
  const hasInput = (span.input?.length ?? 0) > 0;
  const hasOutput = (span.output?.length ?? 0) > 0;
  const nothing =
    all.length === 0 &&
    span.input_raw === undefined &&
    span.output_raw === undefined &&
    !tool &&
    !documents?.length &&
    !error;
  const folded = all.length > LONG ? all.slice(2, -10) : [];
  const shown = all.length > LONG ? [all.slice(0, 2), all.slice(-10)] : [all, []];
  const list = (part: Turn[] | undefined, from: string) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: a conversation does not change
    part?.map((turn, index) => <TurnView key={`${from}${index}`} turn={turn} />);
  return (
    <div ref={box} className="divide-y pb-8">
      {(span.redacted || span.truncated) && (
        <p className="flex items-center gap-2 px-4 py-2 text-sm text-warn">
          <TriangleAlert size={14} aria-hidden />
          {span.redacted ? "The client hid some of the content." : "The client cut some of the content off."}
        </p>
      )}
      {list(shown[0], "first")}
      {folded.length > 0 && (
        <div className="px-4 py-2">
          <Fold label={`${count(folded.length)} messages in between`}>{list(folded, "middle")}</Fold>
        </div>
      )}
      {!hasInput && span.input_raw !== undefined && !tool && (
        <Line speaker="user" name="input">
          <Raw value={span.input_raw} />
        </Line>
      )}
      {list(shown[1], "last")}
      {tool && (
        <div className="px-4 py-3">
          <BlockView
            block={{
              kind: "tool",
              card: {
                call: { type: "tool_call", name: tool.name, arguments: tool.arguments ?? span.input_raw ?? {} },
                result:
                  (tool.result ?? span.output_raw) === undefined
                    ? undefined
                    : {
                        type: "tool_result",
                        result: tool.result ?? span.output_raw ?? "",
                        is_error: span.status === "error",
                      },
              },
            }}
          />
          {tool.description && <p className="text-sm text-ink-2">{tool.description}</p>}
        </div>
      )}
      {documents?.map((document, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: found documents do not change
        <Line key={index} speaker="document" name={document.id ?? String(index + 1)}>
          {document.score !== undefined && (
            <p className="num mb-1 text-xs text-ink-3">score {document.score.toFixed(3)}</p>
          )}
          {document.content && <Markdown text={document.content} first={EXCERPT} />}
          {document.metadata && (
            <Fold label="Metadata">
              <JsonTree value={document.metadata} />
            </Fold>
          )}
        </Line>
      ))}
      {!hasOutput && span.output_raw !== undefined && !tool && (
        <Line speaker="assistant" name="output" output>
          <Raw value={span.output_raw} />
        </Line>
      )}
      {error && (
        <section aria-label="Error" className="border-s-2 border-s-bad px-4 py-3">
          <h3 className="text-sm font-semibold text-bad">{error.type ?? "Error"}</h3>
          {error.message && <p className="mt-1 whitespace-pre-wrap">{error.message}</p>}
          {error.stack && (
            <Fold label="Stack">
              <CodeBlock code={error.stack} />
            </Fold>
          )}
        </section>
      )}
      {nothing && (
        <Empty title="Nothing was said here">
          {span.content_absent
            ? "The client does not record content. Its documentation says how to switch that on."
            : "This span carries no input and no output."}
        </Empty>
      )}
    </div>
  );
}
