import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { ProgressLine } from "../traces/ProgressLine";
import { useBulk } from "../traces/useBulk";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { Field } from "../ui/Field";
import { count } from "../ui/format";
import { ErrorLine } from "../ui/State";
import { Section } from "./Page";

const EVER = { from: "1970-01-01T00:00:00Z", to: "2200-01-01T00:00:00Z" };

/** Deletes what the project knows of one end user, after saying how much that is. For admins. */
export function PersonData() {
  const here = useHere();
  const { api, project } = here;
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [asking, setAsking] = useState(false);
  const id = text.trim();
  const bulk = useBulk(() => {
    for (const name of ["traces", "histogram", "matching", "queues", "datasets"])
      void client.invalidateQueries({ queryKey: [project.key, name] });
  }, "person");
  const known = useQuery({
    queryKey: [project.key, "person", id],
    queryFn: async () => {
      const filters = [{ field: "user_id", op: "eq", values: [id] }];
      const { data } = await api.aggregateTraces({ ...EVER, filters });
      return data[0]?.metrics.count ?? 0;
    },
    enabled: asking,
    staleTime: 0,
  });
  if (!may(here, "admin")) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (id) setAsking(true);
  };
  const run = async () => {
    await bulk.start(() => api.deletePersonData(id));
    setText("");
  };
  return (
    <Section
      title="Delete what is known of a person"
      about="When one of your end users asks for it: their traces with everything that was said of them, what they said themselves, and sessions that name them. In this project."
    >
      <form onSubmit={submit} className="max-w-120">
        <Field label="User id" id="person-id" hint="As your application sends it with traces and feedback.">
          <input
            id="person-id"
            className="field w-full font-mono"
            autoComplete="off"
            spellCheck={false}
            aria-describedby="person-id-hint"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" look="danger" disabled={!id || bulk.progress !== undefined}>
            Delete…
          </Button>
          {bulk.progress && <ProgressLine progress={bulk.progress} cancel={bulk.cancel} />}
        </div>
      </form>
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        title="Delete what is known of this person?"
        action="Delete"
        run={run}
      >
        <p className="font-mono break-all text-ink">{id}</p>
        {known.error ? (
          <ErrorLine error={asApiError(known.error)} />
        ) : (
          <p role="status">
            {known.data === undefined
              ? "Looking at what goes…"
              : `They are the user of ${known.data === 1 ? "1 trace. It goes with its" : `${count(known.data)} traces. These go with their`} annotations, evaluator results, queue items and datapoints, as does what the person said of others.`}
          </p>
        )}
        <p>This cannot be undone.</p>
      </Confirm>
    </Section>
  );
}
