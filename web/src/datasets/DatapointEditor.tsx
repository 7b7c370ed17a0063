import { type ReactNode, useMemo } from "react";
import type { Datapoint } from "../api/datasets";
import { may, useHere } from "../app/project";
import { Key } from "../keys/Key";
import { useCommand } from "../keys/useCommand";
import { DiffText } from "../logs/DiffText";
import { diff } from "../logs/diff";
import { AnswerMark } from "../review/sentiment";
import { useReviews } from "../review/useReviews";
import { Button } from "../ui/Button";
import { ErrorLine } from "../ui/State";
import { Time } from "../ui/Time";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";
import { bodyOf, problemOf } from "./draft";
import { InputRows } from "./InputRows";
import { MessageRows } from "./MessageRows";
import { useDatasets } from "./queries";
import { TextBox } from "./TextBox";
import { useDraft } from "./useDraft";

function Part({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-b px-4 py-4">
      <h2 className="mb-2 flex items-baseline gap-2 text-sm font-semibold">
        {title} <span className="text-xs font-normal text-ink-3">{note}</span>
      </h2>
      <div className="max-w-[800px]">{children}</div>
    </section>
  );
}

/** One datapoint to read and to change; a new one without `datapoint`. What is typed is kept until it is saved. */
export function DatapointEditor({
  dataset,
  datapoint,
  onSaved,
}: {
  dataset: string;
  datapoint?: Datapoint | undefined;
  onSaved: (datapoint: Datapoint) => void;
}) {
  const edits = may(useHere(), "annotate");
  const { api, changed, stored } = useDatasets();
  const place = datapoint ? `datapoint ${datapoint._id}` : `datapoint of ${dataset}`;
  const { draft, changes, dirty, overtaken, change, forget, bringBack } = useDraft(place, datapoint);
  const { busy, error, run } = useWork();
  const problem = problemOf(draft);
  const save = () =>
    void (
      dirty &&
      !busy &&
      !problem &&
      run(async () => {
        const [done] = datapoint
          ? [await api.changeDatapoint(dataset, datapoint._id, changes)]
          : await api.add(dataset, fullOf(bodyOf(draft)));
        if (!done) return;
        forget();
        stored(done);
        changed(datapoint ? undefined : dataset);
        toast("Saved");
        onSaved(done);
      })
    );
  const undo = () => {
    const typed = draft;
    forget();
    toast("What you changed was put aside", { action: { label: "Bring it back", run: () => bringBack(typed) } });
  };
  useCommand("save-datapoint", save, { when: edits && dirty, whileTyping: true });
  const answer = datapoint?.origin?.answer;
  return (
    <div className="flex h-full min-h-0 flex-col">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section tabIndex={0} aria-label="Datapoint" className="scroll min-h-0 flex-1 -outline-offset-2">
        <Part title="Messages" note="what is asked">
          <MessageRows rows={draft.messages} edits={edits} onChange={(messages) => change({ messages })} />
        </Part>
        <Part title="Expected output" note="what should be answered">
          <TextBox
            name="Expected output"
            value={draft.expected}
            readOnly={!edits}
            onChange={(expected) => change({ expected })}
          />
          {answer !== undefined && <Said answer={answer} expected={draft.expected} />}
        </Part>
        <Part title="Inputs" note="variables">
          <InputRows rows={draft.inputs} edits={edits} onChange={(inputs) => change({ inputs })} />
        </Part>
        {datapoint && <Judged datapoint={datapoint} />}
      </section>
      {edits && (dirty || error) && (
        <footer className="flex min-h-12 shrink-0 flex-wrap items-center gap-2 border-t bg-well px-4 py-2">
          <Button look="primary" disabled={busy || !dirty || problem !== undefined} onClick={save}>
            {busy ? "Saving…" : "Save"} <Key id="save-datapoint" />
          </Button>
          <Button look="quiet" disabled={busy} onClick={undo}>
            Undo the changes
          </Button>
          <div className="min-w-0 flex-1 text-sm">
            {error ? (
              <ErrorLine error={error} />
            ) : problem ? (
              <p role="alert" className="text-warn">
                {problem}
              </p>
            ) : overtaken ? (
              <p className="text-warn">Somebody saved this meanwhile. Saving replaces the parts that you changed.</p>
            ) : (
              <p className="text-ink-3">Not saved yet; kept in this browser.</p>
            )}
          </div>
        </footer>
      )}
    </div>
  );
}

/** A new datapoint without the fields that nobody filled. */
function fullOf({ messages, inputs, expected_output }: ReturnType<typeof bodyOf>) {
  return {
    ...(messages.length > 0 ? { messages } : {}),
    ...(Object.keys(inputs).length > 0 ? { inputs } : {}),
    ...(expected_output === "" ? {} : { expected_output }),
  };
}

/** The expected output beside what was answered. */
function Said({ answer, expected }: { answer: string; expected: string }) {
  const pieces = useMemo(() => diff(answer, expected), [answer, expected]);
  if (answer === expected) return <p className="mt-2 text-xs text-ink-3">This is what was answered.</p>;
  return (
    <div className="mt-3 border-s-2 border-s-accent ps-3">
      <h3 className="mb-1 text-xs font-semibold text-ink-2">Changed from what was answered</h3>
      <DiffText pieces={pieces} />
    </div>
  );
}

/** What people said of the span when the datapoint was taken from it. */
function Judged({ datapoint }: { datapoint: Datapoint }) {
  const { byKey } = useReviews();
  const { evaluations = [] } = datapoint;
  return (
    <Part title="Judged" note="when it was added">
      {evaluations.length === 0 ? (
        <p className="text-sm text-ink-2">Nobody had judged it.</p>
      ) : (
        <p className="flex flex-wrap gap-1">
          {evaluations.map(({ id, key = "verdict", value, values }) => (
            <AnswerMark key={id} name={key} review={byKey.get(key)} value={value ?? values ?? ""} />
          ))}
        </p>
      )}
      <p className="mt-3 text-xs text-ink-3">
        Added <Time iso={datapoint.created} />
        {datapoint.updated !== datapoint.created && (
          <>
            , changed <Time iso={datapoint.updated} />
          </>
        )}
      </p>
    </Part>
  );
}
