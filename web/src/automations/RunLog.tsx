import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Automation, Outcome } from "../api/automations";
import { asApiError } from "../api/error";
import { useHere } from "../app/project";
import { useCommand } from "../keys/useCommand";
import { useStep } from "../keys/useStep";
import { Button } from "../ui/Button";
import { Select } from "../ui/Field";
import { count } from "../ui/format";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";
import { useAutomations } from "./queries";
import { RunRow } from "./RunRow";
import { OUTCOMES } from "./words";

/** What an automation did with every trace that it met, newest first. */
export function RunLog({
  automation,
  outcome,
  onOutcome,
}: {
  automation: Automation;
  outcome: Outcome | undefined;
  onOutcome: (to: Outcome | undefined) => void;
}) {
  const { project } = useHere();
  const navigate = useNavigate();
  const [marked, setMarked] = useState(-1);
  const list = useInfiniteQuery(useAutomations().runs(automation.id, outcome));
  const rows = list.data?.pages.flatMap(({ data }) => data) ?? [];
  const current = rows[marked];
  const step = useStep(marked, rows.length, setMarked);
  useCommand("next-automation", () => step(1), { when: rows.length > 0 });
  useCommand("previous-automation", () => step(-1), { when: rows.length > 0 });
  useCommand(
    "open-automation",
    () =>
      current &&
      void navigate({
        to: "/p/$project/traces/$trace",
        params: { project: project.key, trace: current.trace_id },
      }),
    { when: current !== undefined },
  );
  const { totals } = automation;
  const total = Object.values(totals).reduce((sum, one) => sum + one, 0);
  return (
    <section aria-label="Run log">
      <div className="mb-2 flex min-h-10 items-center gap-3">
        <Select
          aria-label="Show"
          className="max-w-56"
          value={outcome ?? ""}
          onChange={(event) => {
            setMarked(-1);
            onOutcome((event.target.value || undefined) as Outcome | undefined);
          }}
          options={[
            { value: "", label: `Everything (${count(total)})` },
            ...OUTCOMES.map(({ id, label }) => ({ value: id, label: `${label} (${count(totals[id])})` })),
          ]}
        />
      </div>
      {list.isPending && <Skeleton lines={6} className="px-0" />}
      {list.error && <ErrorPanel error={asApiError(list.error)} retry={() => void list.refetch()} />}
      {list.isSuccess &&
        rows.length === 0 &&
        (outcome ? (
          <Empty title="No run ended so">Choose another outcome above.</Empty>
        ) : (
          <Empty title="No trace has matched yet">
            {automation.enabled
              ? "What comes from now on is written here with the reason. For what came before, back-fill."
              : "It is paused: switch it on, or back-fill what came before."}
          </Empty>
        ))}
      {rows.length > 0 && (
        <ul aria-label="Runs" className="border-t">
          {rows.map((run, at) => (
            <RunRow key={run.id} run={run} project={project.key} marked={at === marked} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button className="mt-3" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      )}
    </section>
  );
}
