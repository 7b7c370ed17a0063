import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { settingsApi } from "../api";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { Page, Section } from "../settings/Page";
import { PersonData } from "../settings/PersonData";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { Field } from "../ui/Field";
import { count, exact } from "../ui/format";
import { ErrorLine, ErrorPanel, Skeleton } from "../ui/State";
import { toast } from "../ui/Toast";

const LONGEST = 3650;

/** Settings: how long traces are kept. */
export function RetentionPage() {
  const { project } = useHere();
  const api = settingsApi(project.project_id);
  const query = useQuery({
    queryKey: [project.key, "retention"],
    queryFn: async () => (await api.project(project.project_id)).project,
  });
  return (
    <Page
      title="Retention"
      about="How long this project keeps what is sent to it. What people say of it is kept in any case."
    >
      {query.isPending && <Skeleton lines={4} />}
      {query.error && <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />}
      {query.data && <Days key={query.data.retention_days ?? 0} kept={query.data.retention_days ?? 0} />}
      <Section title="What goes">
        <p className="max-w-[64ch] text-sm">
          Traces with their spans and log records, and with them their entries in Logs. A trace goes as a whole, when
          the last of its spans came in longer ago than that; the time of arrival counts, not what the client says. It
          happens in the background within minutes, and cannot be undone.
        </p>
      </Section>
      <Section title="What stays">
        <p className="max-w-[64ch] text-sm">
          Annotations with their history, corrections, evaluator results and human reviews: what was said remains to be
          read and counted, also when the trace it was said of has gone.
        </p>
      </Section>
      <PersonData />
    </Page>
  );
}

function Days({ kept }: { kept: number }) {
  const here = useHere();
  const { project } = here;
  const api = settingsApi(project.project_id);
  const client = useQueryClient();
  const [limited, setLimited] = useState(kept > 0);
  const [text, setText] = useState(String(kept || 90));
  const [asking, setAsking] = useState(false);
  const [days, setDays] = useState(0);
  const mine = may(here, "admin");
  const number = Number(text);
  const valid = /^\d+$/.test(text.trim()) && number >= 1 && number <= LONGEST;
  const wanted = limited ? number : 0;
  // The preview follows the typing a moment later.
  useEffect(() => {
    const timer = setTimeout(() => setDays(limited && valid ? number : 0), 250);
    return () => clearTimeout(timer);
  }, [limited, valid, number]);
  const preview = useQuery({
    queryKey: [project.key, "retention", "preview", days],
    queryFn: () => api.retention(project.project_id, days),
    enabled: days > 0,
    staleTime: 10_000,
  });
  const settled = preview.data && preview.data.retention_days === wanted ? preview.data : undefined;
  const save = async () => {
    await api.keepFor(project.project_id, wanted);
    await client.invalidateQueries({ queryKey: [project.key, "retention"] });
    toast(wanted === 0 ? "Traces are kept for ever" : `Traces are kept for ${said(wanted)}`);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!limited || valid) setAsking(true);
  };
  const removes = settled?.traces ?? 0;
  return (
    <form onSubmit={submit} noValidate className="mb-8 max-w-120">
      <fieldset disabled={!mine} className="mb-4 flex flex-col gap-2">
        <legend className="mb-2 text-sm font-medium">Keep traces</legend>
        <label className="flex items-center gap-2">
          <input
            type="radio"
            name="retention"
            className="size-4 accent-(--accent)"
            checked={!limited}
            onChange={() => setLimited(false)}
          />
          For ever
        </label>
        <label className="flex items-center gap-2">
          <input
            type="radio"
            name="retention"
            className="size-4 accent-(--accent)"
            checked={limited}
            onChange={() => setLimited(true)}
          />
          For some days
        </label>
      </fieldset>
      {limited && (
        <Field
          label="Days"
          id="retention-days"
          error={valid ? undefined : `A whole number from 1 to ${count(LONGEST)}.`}
        >
          <input
            id="retention-days"
            type="number"
            inputMode="numeric"
            min={1}
            max={LONGEST}
            className="field num max-w-32"
            disabled={!mine}
            aria-invalid={!valid}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
      )}
      {limited && valid && (
        <p role="status" className="mb-4 min-h-5 text-sm text-ink-2">
          {settled &&
            (removes === 0
              ? "Nothing would be removed now."
              : `Would remove ${traces(removes)} now: what came in before ${exact(settled.before)}.`)}
        </p>
      )}
      {preview.error && (
        <div className="mb-4">
          <ErrorLine error={asApiError(preview.error)} />
        </div>
      )}
      {mine ? (
        <Button type="submit" look="primary" disabled={wanted === kept || (limited && (!valid || !settled))}>
          Save
        </Button>
      ) : (
        <p className="text-sm text-ink-2">An admin of this project can change it.</p>
      )}
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        title={wanted === 0 ? "Keep traces for ever?" : `Keep traces for ${said(wanted)}?`}
        action={removes > 0 && wanted > 0 ? `Save, and remove ${traces(removes)}` : "Save"}
        run={save}
      >
        {wanted === 0 ? (
          <p>Nothing is removed from now on. What has gone does not come back.</p>
        ) : (
          <>
            <p>
              {removes > 0
                ? `${traces(removes)} would be removed now, and others as they grow that old. This cannot be undone.`
                : "Nothing is removed now; traces go as they grow that old. This cannot be undone."}
            </p>
            <p>Annotations, corrections and evaluator results stay.</p>
          </>
        )}
      </Confirm>
    </form>
  );
}

const said = (days: number) => (days === 1 ? "1 day" : `${count(days)} days`);
const traces = (number: number) => (number === 1 ? "1 trace" : `${count(number)} traces`);
