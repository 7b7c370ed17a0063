import { useQueryClient } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { type FormEvent, useReducer, useState } from "react";
import type { HumanReview } from "../api/types";
import { useHere } from "../app/project";
import { change, empty, inputOf, problems, typeLabel } from "../human-reviews/draft";
import { ReviewForm } from "../human-reviews/ReviewForm";
import { useReviews } from "../review/useReviews";
import { Button, IconButton } from "../ui/Button";
import { Select } from "../ui/Field";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { useWork } from "../ui/useWork";
import type { Draft } from "./draft";

type Questions = Draft["questions"];

/** Which human reviews a queue asks, in which order, and which of them must be answered. */
export function QuestionPicker({ value, onChange }: { value: Questions; onChange: (to: Questions) => void }) {
  const { list, active } = useReviews();
  const [making, setMaking] = useState(false);
  const rest = active.filter(({ id }) => !value.some((one) => one.id === id));
  const move = (at: number, by: number) => {
    const next = [...value];
    const [one] = next.splice(at, 1);
    if (one) next.splice(at + by, 0, one);
    onChange(next);
  };
  const add = (id: string) => onChange([...value, { id, required: value.length === 0 }]);
  return (
    <div>
      {value.length > 0 && (
        <ol aria-label="Questions" className="mb-3 border-t">
          {value.map(({ id, required }, at) => {
            const review = list.find((one) => one.id === id);
            const name = review?.display_name ?? id;
            return (
              <li key={id} className="flex min-h-11 flex-wrap items-center gap-x-3 border-b py-1">
                <span className="num w-4 text-sm text-ink-3">{at + 1}</span>
                <span className="min-w-24 flex-1 text-sm font-medium break-words">
                  {name}
                  <span className="ml-2 font-normal text-ink-3">{review && typeLabel(review.type)}</span>
                </span>
                <label className="flex min-h-8 items-center gap-1.5 text-sm">
                  <input
                    type="checkbox"
                    className="size-4 accent-(--accent)"
                    checked={required}
                    onChange={() => onChange(value.map((one) => (one.id === id ? { id, required: !required } : one)))}
                  />
                  Required<span className="sr-only">: {name}</span>
                </label>
                <span className="flex">
                  <IconButton name={`Move ${name} up`} disabled={at === 0} onClick={() => move(at, -1)}>
                    <ArrowUp size={14} aria-hidden />
                  </IconButton>
                  <IconButton name={`Move ${name} down`} disabled={at === value.length - 1} onClick={() => move(at, 1)}>
                    <ArrowDown size={14} aria-hidden />
                  </IconButton>
                  <IconButton
                    name={`Do not ask ${name}`}
                    onClick={() => onChange(value.filter((one) => one.id !== id))}
                  >
                    <X size={14} aria-hidden />
                  </IconButton>
                </span>
              </li>
            );
          })}
        </ol>
      )}
      <div className="flex flex-wrap gap-2">
        {rest.length > 0 && (
          <Select
            aria-label="Add a question"
            className="max-w-64"
            value=""
            onChange={(event) => event.target.value && add(event.target.value)}
            options={[
              { value: "", label: "Add a question…", disabled: true },
              ...rest.map(({ id, display_name }) => ({ value: id, label: display_name })),
            ]}
          />
        )}
        <Button className="h-[34px]" onClick={() => setMaking(true)}>
          <Plus size={14} aria-hidden /> New human review
        </Button>
      </div>
      <Dialog open={making} onClose={() => setMaking(false)} title="New human review" wide>
        <NewReview
          onClose={() => setMaking(false)}
          onMade={({ id }) => {
            setMaking(false);
            add(id);
          }}
        />
      </Dialog>
    </div>
  );
}

const NONE: ReadonlyMap<string, number> = new Map();

function NewReview({ onClose, onMade }: { onClose: () => void; onMade: (review: HumanReview) => void }) {
  const { api, project } = useHere();
  const client = useQueryClient();
  const [draft, act] = useReducer(change, undefined, empty);
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useWork();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // The form around it is another one.
    event.stopPropagation();
    setTried(true);
    if (Object.keys(problems(draft)).length > 0) return;
    void run(async () => {
      const made = await api.createHumanReview(inputOf(draft));
      await client.invalidateQueries({ queryKey: [project.key, "human-reviews"] });
      onMade(made);
    });
  };
  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <div className="scroll px-4 pt-4">
        <ReviewForm
          draft={draft}
          act={act}
          wrong={tried ? problems(draft) : {}}
          used={NONE as Map<string, number>}
          total={0}
          isNew
        />
        {error && (
          <div className="mb-4">
            <ErrorLine error={error} />
          </div>
        )}
      </div>
      <div className="flex justify-end gap-2 border-t px-4 py-3">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={busy}>
          Create and ask it
        </Button>
      </div>
    </form>
  );
}
