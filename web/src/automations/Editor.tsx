import { type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import type { Automation } from "../api/automations";
import { ApiError, asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { Key } from "../keys/Key";
import { useCommand } from "../keys/useCommand";
import { useFields } from "../traces/useTraces";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { ErrorLine } from "../ui/State";
import { useWork } from "../ui/useWork";
import { AutomationForm } from "./AutomationForm";
import { DryRun, dryRunWords } from "./DryRun";
import { choiceProblems, inputOf, problems, type Wrong } from "./draft";
import { useAutomations, useTargets } from "./queries";
import { useDraft } from "./useDraft";
import { useDryRun } from "./useDryRun";

const FORM = "automation-form";
const SIDE = "relative min-w-0 px-4 py-5 lg:px-8 xl:h-full xl:overflow-y-auto xl:[scrollbar-width:thin]";

const FIELDS =
  /^(name|description|filters|filter_operator|query|triggers|quiet_seconds|idle_seconds|sampling_rate|per_day|strata\[|actions)/;

/** What the server says is wrong with a field that the form has. */
function fieldError(cause: unknown): Wrong {
  const { field = "", message } = asApiError(cause);
  // At its field, it need not be named again.
  return FIELDS.test(field)
    ? { [field]: message.startsWith(`${field} `) ? `This${message.slice(field.length)}` : message }
    : {};
}

/** The form of an automation, and beside it what it would do. */
export function Editor({
  automation,
  filter,
  onSaved,
  onDirty,
}: {
  automation: Automation | undefined;
  /** The filter that a new one begins with. */
  filter: string | undefined;
  onSaved: (automation: Automation, backFill: boolean) => void;
  onDirty: (dirty: boolean) => void;
}) {
  const here = useHere();
  const { api } = useAutomations();
  const fields = useFields();
  const { draft, set, forget, discard, dirty, kept } = useDraft(here.project.key, automation, filter);
  const targets = useTargets(draft.actions);
  const [tried, setTried] = useState(false);
  const [days, setDays] = useState(7);
  const backFill = useRef(false);
  const form = useRef<HTMLFormElement>(null);
  const { busy, error, run, clear } = useWork();
  const dryRun = useDryRun(draft, automation, fields, days);
  const edits = may(here, "define");
  const found = useMemo(() => problems(draft), [draft]);
  const refused = fieldError(error);
  const untried = fieldError(dryRun.query.error);
  const wrong = { ...untried, ...refused, ...(tried ? found : {}) };
  const missing = Object.keys(found).length > 0;
  useEffect(() => onDirty(dirty), [dirty, onDirty]);
  const save = async () => {
    if (!fields.ready) throw new ApiError(-1, "app", "The fields are not loaded yet. Try again.", undefined, undefined);
    const body = inputOf(draft, fields, automation);
    const saved = automation ? await api.change(automation.id, body) : await api.create(body);
    forget();
    onSaved(saved, backFill.current);
  };
  const showWrong = () =>
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`#${FORM} [aria-invalid=true]`)?.focus());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setTried(true);
    if (missing) showWrong();
    else void run(save).then((saved) => !saved && showWrong());
  };
  const send = (thenBackFill: boolean) => {
    backFill.current = thenBackFill;
    // What is typed into a filter counts when it is left.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    requestAnimationFrame(() => form.current?.requestSubmit());
  };
  useCommand("save-automation", () => send(false), { when: edits, whileTyping: true, once: true });
  useCommand("save-and-back-fill", () => send(true), { when: edits, whileTyping: true, once: true });
  const change: typeof set = (to) => {
    if (error) clear();
    set(to);
  };
  const { data: answer } = dryRun.query;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="scroll relative min-h-0 flex-1 xl:overflow-hidden">
        {/* Where there is room, each side scrolls by itself: what it would do stays beside what is written. */}
        <div className="mx-auto grid max-w-[1280px] xl:h-full xl:grid-cols-[minmax(0,1fr)_460px] xl:grid-rows-[minmax(0,1fr)]">
          <form ref={form} id={FORM} onSubmit={submit} noValidate className={SIDE}>
            {kept && (
              <div
                role="status"
                className="mb-5 flex flex-wrap items-center gap-3 rounded-[6px] bg-warn-soft px-3 py-2 text-sm"
              >
                <span className="min-w-0 flex-1 text-warn">
                  {kept.outdated
                    ? "What you wrote earlier is here, but the automation was changed since: saving replaces that."
                    : "What you wrote earlier is here; it is not saved yet."}
                </span>
                <Button small onClick={discard}>
                  Discard it
                </Button>
              </div>
            )}
            {!edits && (
              <p className="mb-5 text-sm text-ink-2">You may read this. A developer or an admin can change it.</p>
            )}
            <fieldset disabled={!edits} className="min-w-0">
              <AutomationForm draft={draft} set={change} wrong={wrong} fields={fields} targets={targets} />
            </fieldset>
          </form>
          <aside className={cx(SIDE, "max-xl:border-t")}>
            <DryRun
              state={dryRun}
              days={days}
              onDays={setDays}
              missing={Object.values(choiceProblems(draft))[0]}
              refused={Object.keys(untried).length > 0}
              drawn={
                automation === undefined &&
                [draft, ...draft.groups].some(({ rate }) => !["0", "100"].includes(rate.trim()))
              }
            />
          </aside>
        </div>
      </div>
      {edits && (
        <div className="shrink-0 border-t bg-paper px-4 py-2 lg:px-8">
          <div className="mx-auto flex max-w-[1216px] flex-wrap items-center gap-x-3 gap-y-2">
            <Button look="primary" disabled={busy} onClick={() => send(false)} className="pointer-coarse:h-11">
              Save <Key id="save-automation" />
            </Button>
            <Button disabled={busy} onClick={() => send(true)} className="pointer-coarse:h-11">
              Save and back-fill
            </Button>
            {dirty && (
              <Button look="quiet" onClick={discard} className="pointer-coarse:h-11">
                Discard changes
              </Button>
            )}
            <div className="ml-auto min-w-0 text-sm max-sm:order-first max-sm:basis-full">
              {(tried && missing) || Object.keys(refused).length > 0 ? (
                <p role="alert" className="text-bad">
                  {missing ? "Something above is still missing." : "Something above is not right."}
                </p>
              ) : error ? (
                <ErrorLine error={error} />
              ) : (
                answer && (
                  <p aria-hidden className="num truncate text-ink-2 xl:hidden">
                    {dryRunWords(answer)}
                    {dryRun.old && "…"}
                  </p>
                )
              )}
            </div>
          </div>
        </div>
      )}
    </div>
  );
}
