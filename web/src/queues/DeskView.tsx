import { ChevronDown, ChevronUp } from "lucide-react";
import { useState } from "react";
import type { Queue, Review } from "../api/queues";
import { may, useHere } from "../app/project";
import { AddToDataset } from "../datasets/AddToDataset";
import { useCommand } from "../keys/useCommand";
import { Verdicts } from "../review/Verdicts";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { Markdown } from "../ui/Markdown";
import { Dialog } from "../ui/Overlay";
import { ErrorPanel } from "../ui/State";
import { toast } from "../ui/Toast";
import { useMedia } from "../ui/useMedia";
import { Away } from "./Away";
import { Decline } from "./Decline";
import { DeskFoot } from "./DeskFoot";
import { DeskHead } from "./DeskHead";
import { isSignedOut } from "./desk";
import { ItemView } from "./ItemView";
import { newId } from "./ids";
import { LeftBehind } from "./LeftBehind";
import { Lost } from "./Lost";
import { type Act, ReviewForm } from "./ReviewForm";
import { type Action, around, leftBehind, onScreen, phaseOf } from "./session";
import { redone, undone } from "./steps";
import { TraceDrawer } from "./TraceDrawer";
import { useDesk } from "./useDesk";

/** What a datapoint is taken from: the span that is judged. */
function sourceOf({ item, reviewed_span_id }: Review, trace_id: string) {
  const span = reviewed_span_id ?? item.span_id;
  return { trace_id, queue_item_id: item.id, ...(span ? { span_id: span } : {}) };
}

/** One item after the other: left what was said, right what is asked about it. */
export function DeskView({ queue }: { queue: Queue }) {
  const { desk, state, seen } = useDesk(queue);
  const { session } = state;
  const here = useHere();
  const keeps = may(here, "annotate") && may(here, "read");
  const phone = useMedia("(max-width: 767px)");
  const [opened, setOpened] = useState<"decline" | "instructions">();
  // What was undone or done again last.
  const [told, setTold] = useState("");
  const [raw, setRaw] = useState(false);
  // Of which item the whole trace is open: another item begins without.
  const [tracing, setTracing] = useState<string>();
  // Of which item the questions take most of a phone: the next begins with the answer in sight.
  const [tallOf, setTallOf] = useState<string>();
  const entry = onScreen(session);
  const tall = entry !== undefined && tallOf === entry.id;
  const phase = phaseOf(session);
  const { before, after } = around(session);
  const act: Act = (action) => {
    const on = seen();
    setTold("");
    if (on !== undefined) desk.act({ ...action, on } as Action);
  };
  const submit = () => {
    // What is being typed into a field of one line counts when it is left.
    if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
    if (phase === "lost") act({ do: "leave lost" });
    else act({ do: "submit", id: newId() });
  };
  const steps = (to: "undo" | "redo") => {
    const text = to === "undo" ? undone(session) : redone(session);
    if (text === undefined) return toast(`There is nothing to ${to}.`);
    desk.act({ do: to, on: seen(), id: newId() });
    // On a phone there is no room for it beside the buttons.
    if (phone) toast(text);
    else setTold(text);
  };
  const go = (to: string | undefined) => to !== undefined && desk.act({ do: "go", on: seen(), to });
  const answering = phase === "answering";
  const unfinished = answering && entry?.state !== "submitted";
  const toggleTrace = () => setTracing(tracing === entry?.id ? undefined : entry?.id);
  useCommand("submit-item", submit, { when: answering || phase === "lost", whileTyping: true, once: true });
  const forgotten = leftBehind(session);
  const submitChanges = () =>
    desk.act({
      do: "submit changes",
      on: session.current,
      ids: Object.fromEntries(forgotten.map(({ id }) => [id, newId()])),
    });
  useCommand("submit-changes", submitChanges, { when: forgotten.length > 0, once: true });
  useCommand("skip-item", () => act({ do: "skip", id: newId() }), { when: unfinished, once: true });
  useCommand("decline-item", () => setOpened("decline"), { when: unfinished, once: true });
  useCommand("previous-item", () => go(before), { when: before !== undefined });
  useCommand("next-item", () => go(after), { when: after !== undefined });
  useCommand("undo", () => steps("undo"));
  useCommand("redo", () => steps("redo"));
  useCommand("raw", () => setRaw(!raw), { when: entry !== undefined && tracing !== entry.id });
  useCommand("whole-trace", toggleTrace, { when: Boolean(entry?.review?.span) });
  useCommand("instructions", () => setOpened("instructions"), { when: queue.instructions !== "" });
  const review = entry?.review;
  const form = entry && review && (
    <>
      {entry.lost && <Lost entry={entry} again={() => desk.again(entry.id)} goOn={() => act({ do: "leave lost" })} />}
      <fieldset disabled={Boolean(entry.lost)} className="min-w-0">
        <ReviewForm key={entry.id} entry={entry} queue={queue} act={act} />
      </fieldset>
      <Verdicts
        evaluations={review.span?.evaluations ?? []}
        annotations={[]}
        isMine={() => false}
        correct={undefined}
        takeBack={() => Promise.resolve()}
      />
    </>
  );
  if (state.fault)
    return (
      <ErrorPanel error={state.fault}>
        <a href="/" className="inline-flex h-8 items-center text-sm text-accent underline">
          {isSignedOut(state.fault) ? "Sign in again: what you wrote is kept" : "Go to your queues"}
        </a>
      </ErrorPanel>
    );
  const drawer = entry && review && tracing === entry.id && (
    <TraceDrawer key={entry.id} queue={queue.id} review={review} onClose={() => setTracing(undefined)} />
  );
  return (
    <div className="flex h-full min-h-0 flex-col">
      <DeskHead queue={queue} state={state} onInstructions={() => setOpened("instructions")} />
      <LeftBehind entries={forgotten} submit={submitChanges} go={go} />
      {form ? (
        <div className="flex min-h-0 flex-1 flex-col md:grid md:grid-cols-[minmax(0,1fr)_minmax(320px,36%)] xl:grid-cols-[minmax(0,1fr)_440px]">
          <div className="relative min-h-0 flex-1">
            <section
              key={entry.id}
              aria-label="What is judged"
              // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
              tabIndex={0}
              className="scroll h-full -outline-offset-2"
            >
              <ItemView review={review} queue={queue} raw={raw} onRaw={() => setRaw(!raw)} onTrace={toggleTrace} />
            </section>
            {drawer}
          </div>
          <div
            className={cx(
              "flex min-h-0 flex-col md:border-l",
              phone && "rounded-t-[6px] border-t bg-sheet shadow-float",
              phone && (tall ? "h-[78%]" : "h-[50%]"),
            )}
          >
            {phone && (
              <Button
                look="quiet"
                aria-expanded={tall}
                className="h-11 w-full rounded-none border-b text-ink-2"
                onClick={() => setTallOf(tall ? undefined : entry.id)}
              >
                {tall ? <ChevronDown size={16} aria-hidden /> : <ChevronUp size={16} aria-hidden />}
                {tall ? "More of the conversation" : "More of the questions"}
              </Button>
            )}
            <section aria-label="Questions" className="scroll min-h-0 flex-1">
              {form}
            </section>
          </div>
        </div>
      ) : (
        <div className="scroll min-h-0 flex-1">
          <Away queue={queue} session={session} />
        </div>
      )}
      {form && <DeskFoot session={session} submit={submit} told={told} keeps={keeps && Boolean(review?.span)} />}
      {review?.span && review.item.trace_id && (
        <AddToDataset look="key" what="this item" sources={[sourceOf(review, review.item.trace_id)]} />
      )}
      <Decline
        open={opened === "decline"}
        onClose={() => setOpened(undefined)}
        run={(reason) => act({ do: "decline", id: newId(), reason })}
      />
      <Dialog open={opened === "instructions"} onClose={() => setOpened(undefined)} title="Instructions" wide>
        <div className="scroll px-4 py-3">
          <Markdown text={queue.instructions} />
        </div>
      </Dialog>
    </div>
  );
}
