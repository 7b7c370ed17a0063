import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useId, useState } from "react";
import { asApiError } from "../api/error";
import type { Annotation, AnnotationEvent, HumanReview } from "../api/types";
import { useHere } from "../app/project";
import { cx } from "../ui/cx";
import { ErrorLine, Skeleton } from "../ui/State";
import { Time } from "../ui/Time";
import { sayValue } from "./sentiment";
import { clientName, nameOf, placeName } from "./who";

/** What somebody said, in a line that opens to what happened to it: who changed what, when, with which client. */
export function Said({
  one,
  review,
  own,
  children,
}: {
  one: Annotation;
  review: HumanReview | undefined;
  /** One's own answer stands in the control already. */
  own?: boolean;
  children?: React.ReactNode;
}) {
  const { me } = useHere();
  const [open, setOpen] = useState(false);
  const panel = useId();
  const name = nameOf(one.annotator, me.member?.id ?? me.key?.id);
  return (
    <li className="min-w-0">
      <div className="flex min-w-0 items-start gap-1">
        <button
          type="button"
          aria-expanded={open}
          aria-controls={panel}
          onClick={() => setOpen(!open)}
          title={`${one.annotator.kind} ${one.annotator.id}`}
          className="flex min-w-0 flex-1 items-start gap-1 rounded-sm py-0.5 text-left hover:bg-hover hover:text-ink"
        >
          <ChevronRight
            size={12}
            aria-hidden
            className={cx("mt-[2px] shrink-0 text-ink-3 transition-transform duration-120", open && "rotate-90")}
          />
          <span className="max-w-[45%] shrink-0 truncate font-medium">{name}</span>
          <span className="min-w-0 flex-1 break-words" dir="auto">
            {!own && sayValue(review, one.value)}
          </span>
          <Time iso={one.updated_at ?? one.created_at} className="num shrink-0 text-ink-3" />
          <span className="sr-only">: history</span>
        </button>
        {children}
      </div>
      {one.explanation && !open && (
        <p className="pl-4 break-words text-ink-2 italic" dir="auto">
          {one.explanation}
        </p>
      )}
      {open && (
        <div id={panel}>
          <History id={one.id} stamp={one.updated_at ?? one.created_at} review={review} />
        </div>
      )}
    </li>
  );
}

function History({ id, stamp, review }: { id: string; stamp: string; review: HumanReview | undefined }) {
  const { api, project } = useHere();
  // What was just said has its id only after it was read back.
  const stored = !id.startsWith("mine ");
  const query = useQuery({
    queryKey: [project.key, "history", id, stamp],
    queryFn: async () => (await api.annotationHistory(id)).data,
    enabled: stored,
  });
  if (query.error)
    return (
      <div className="pl-4">
        <ErrorLine error={asApiError(query.error)} />
      </div>
    );
  if (!query.data) return <Skeleton lines={1} className="p-1 pl-4" />;
  return (
    <ol aria-label="History" className="my-1 ml-[5px] flex flex-col gap-1.5 border-l pl-3">
      {[...query.data].reverse().map((event) => (
        <Happened key={event.id} event={event} review={review} />
      ))}
    </ol>
  );
}

function Happened({ event, review }: { event: AnnotationEvent; review: HumanReview | undefined }) {
  const { me } = useHere();
  const said = event.value === undefined ? "taken back" : sayValue(review, event.value);
  const sender = event.actor.slice(event.actor.indexOf(":") + 1);
  const myId = me.member?.id ?? me.key?.id;
  const annotator = nameOf(event.annotator, myId);
  const actor = nameOf({ kind: "human", id: sender, ...(event.actor_name ? { name: event.actor_name } : {}) }, myId);
  const ways = [
    sender === event.annotator.id ? undefined : `sent by ${actor}`,
    placeName(event.source),
    clientName(event.client) && `with ${clientName(event.client)}`,
    review?.version !== undefined && event.definition_version > 0 && event.definition_version !== review.version
      ? `under version ${event.definition_version}`
      : undefined,
  ].filter(Boolean);
  return (
    <li className="min-w-0 text-xs">
      <span className={cx("block break-words text-ink", event.value === undefined && "italic")} dir="auto">
        {said}
      </span>
      {event.explanation && (
        <span className="block break-words text-ink-2 italic" dir="auto">
          {event.explanation}
        </span>
      )}
      <span className="block break-words text-ink-3" title={event.client}>
        {annotator}, <Time iso={event.at} />
        {ways.length > 0 && ` · ${ways.join(" · ")}`}
      </span>
    </li>
  );
}
