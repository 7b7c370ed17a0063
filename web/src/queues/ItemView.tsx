import { CodeXml, ListTree } from "lucide-react";
import { memo } from "react";
import type { Queue, Review } from "../api/queues";
import type { Json, SpanDetail } from "../api/types";
import { Key } from "../keys/Key";
import { Conversation } from "../trace/Conversation";
import { Button } from "../ui/Button";
import { CodeBlock } from "../ui/CodeBlock";
import { Empty } from "../ui/State";

const say = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** The attributes and metadata that whoever made the queue chose to show. */
function Facts({ review, queue }: { review: Review; queue: Queue }) {
  const { attributes = {}, normalized }: Partial<SpanDetail> = review.span ?? {};
  const metadata = normalized?.metadata ?? {};
  const pick = (names: string[] | undefined, from: Record<string, Json>) =>
    (names ?? []).flatMap((name) => {
      const value = from[name];
      return value === undefined ? [] : [[name, say(value)] as const];
    });
  const shown = [...pick(queue.view.attributes, attributes), ...pick(queue.view.metadata, metadata)];
  if (shown.length === 0) return null;
  return (
    <dl
      aria-label="About this item"
      className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1 border-b px-4 py-2 text-sm"
    >
      {shown.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-3">{name}</dt>
          <dd className="break-words" dir="auto">
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What is judged: the conversation of an item, rendered or raw. Where it goes on is one key away. */
export const ItemView = memo(function ItemView({
  review,
  queue,
  raw,
  onRaw,
  onTrace,
}: {
  review: Review;
  queue: Queue;
  raw: boolean;
  onRaw: () => void;
  onTrace: () => void;
}) {
  const { span, item } = review;
  if (!span)
    return (
      <Empty title="What was to be judged is gone">
        <p>
          The trace of this item was removed or has expired. What you wrote is kept. Skip the item, or decline it so
          that nobody else meets it.
        </p>
      </Empty>
    );
  return (
    <>
      <div className="flex min-h-9 items-center gap-2 border-b px-4 text-sm text-ink-2">
        <span className="min-w-0 flex-1 truncate font-medium text-ink" dir="auto">
          {span.summary.name}
          {item.kind === "trace" && <span className="font-normal text-ink-2"> · the whole trace is judged</span>}
        </span>
        <Button small look="quiet" className="max-sm:hidden" aria-pressed={raw} onClick={onRaw}>
          <CodeXml size={14} aria-hidden /> {raw ? "Rendered" : "Raw"} <Key id="raw" />
        </Button>
        <Button small look="quiet" className="pointer-coarse:h-11" onClick={onTrace}>
          <ListTree size={14} aria-hidden /> Whole trace <Key id="whole-trace" />
        </Button>
      </div>
      <Facts review={review} queue={queue} />
      {raw ? (
        <div className="p-3">
          <CodeBlock
            code={JSON.stringify({ ...span, annotations: undefined, evaluations: undefined }, null, 2)}
            language="JSON"
          />
        </div>
      ) : (
        <Conversation span={span.normalized} />
      )}
    </>
  );
});
