import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useDeferredValue, useRef, useState } from "react";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { AutomationRow } from "../automations/AutomationRow";
import { useAutomations, useAutomationsLive, useTargets } from "../automations/queries";
import { usePause } from "../automations/usePause";
import { Key } from "../keys/Key";
import { useKeyName } from "../keys/keymap";
import { useCommand } from "../keys/useCommand";
import { useStep } from "../keys/useStep";
import { useFields } from "../traces/useTraces";
import { Button } from "../ui/Button";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";

const PRIMARY =
  "inline-flex h-8 shrink-0 items-center gap-1.5 rounded-[6px] bg-accent px-3 text-sm font-medium text-on-accent hover:bg-accent-hover pointer-coarse:h-11";

/** The automations of the project, newest first. */
export function AutomationsPage() {
  const here = useHere();
  const { project } = here;
  const navigate = useNavigate();
  const [words, setWords] = useState("");
  const [marked, setMarked] = useState(-1);
  const asked = useDeferredValue(words.trim());
  const list = useInfiniteQuery(useAutomations().list(asked));
  const fields = useFields();
  const { put, isBusy } = usePause();
  const find = useRef<HTMLInputElement>(null);
  useAutomationsLive(() => void list.refetch());
  const rows = list.data?.pages.flatMap(({ data }) => data) ?? [];
  const targets = useTargets(rows.flatMap(({ actions }) => actions));
  const edits = may(here, "define");
  const none = list.isSuccess && rows.length === 0 && !list.isPlaceholderData;
  const current = rows[marked];
  const params = { project: project.key };
  const step = useStep(marked, rows.length, setMarked);
  const make = () =>
    void navigate({ to: "/p/$project/automations/$automation", params: { ...params, automation: "new" } });
  useCommand("next-automation", () => step(1), { when: rows.length > 0 });
  useCommand("previous-automation", () => step(-1), { when: rows.length > 0 });
  useCommand(
    "open-automation",
    () =>
      current &&
      void navigate({ to: "/p/$project/automations/$automation", params: { ...params, automation: current.id } }),
    { when: current !== undefined },
  );
  useCommand("new-automation", make, { when: edits });
  useCommand("pause-automation", () => current && put(current, !current.enabled), {
    when: edits && current !== undefined,
    once: true,
  });
  useCommand("filter", () => find.current?.focus(), { when: !none || asked !== "" });
  const pauseKey = useKeyName("pause-automation");
  const makeLink = (
    <Link to="/p/$project/automations/$automation" params={{ ...params, automation: "new" }} className={PRIMARY}>
      <Plus size={16} aria-hidden /> New automation
    </Link>
  );
  return (
    <div className="scroll relative h-full">
      <div className="mx-auto max-w-[1040px] px-4 py-6 lg:px-8">
        <div className="mb-1 flex min-h-8 items-center gap-3">
          <h1 className="min-w-0 flex-1 text-lg font-semibold">Automations</h1>
          {edits && !(none && asked === "") && makeLink}
        </div>
        <p className="mb-4 max-w-[64ch] text-ink-2">
          What happens with traces by itself: which ones, how many of them, and what is done with them.
        </p>
        {(!none || asked !== "") && (
          <div className="mb-4 flex items-center gap-2">
            <input
              ref={find}
              type="search"
              aria-label="Find an automation"
              placeholder="Find an automation"
              className="field max-w-80"
              value={words}
              onChange={(event) => {
                setWords(event.target.value);
                setMarked(-1);
              }}
            />
            <Key id="filter" />
          </div>
        )}
        {list.isPending && <Skeleton lines={5} className="px-0" />}
        {list.error && <ErrorPanel error={asApiError(list.error)} retry={() => void list.refetch()} />}
        {none && asked !== "" && <Empty title="No automation has this name">Look for a part of the name.</Empty>}
        {none && asked === "" && <Teach project={project.key}>{edits && <p className="mt-4">{makeLink}</p>}</Teach>}
        {rows.length > 0 && (
          <ul aria-label="Automations" className="border-t">
            {rows.map((automation, at) => (
              <AutomationRow
                key={automation.id}
                automation={automation}
                project={project.key}
                fields={fields}
                targets={targets}
                marked={at === marked}
                edits={edits}
                busy={isBusy(automation.id)}
                onPause={(enabled) => put(automation, enabled)}
                pauseKey={at === marked ? pauseKey : undefined}
              />
            ))}
          </ul>
        )}
        {list.hasNextPage && (
          <Button className="mt-4" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        )}
      </div>
    </div>
  );
}

/** Where there is nothing yet: what automations are for, and how one is made. */
function Teach({ project, children }: { project: string; children: React.ReactNode }) {
  return (
    <section aria-label="What automations are for" className="border-t pt-6">
      <h2 className="mb-3 text-md font-semibold">No automation yet</h2>
      <ol className="flex max-w-[64ch] list-decimal flex-col gap-2 ps-5 text-ink-2 marker:text-ink-3">
        <li>
          Filter the{" "}
          <Link to="/p/$project/traces" params={{ project }} className="text-accent underline">
            list of traces
          </Link>{" "}
          until it shows what you want, then choose “Automate”. Or begin here.
        </li>
        <li>Say how many of them: all, a share that is chosen by the trace itself, or a share of each group.</li>
        <li>Choose what is done: into a queue or a dataset, to a webhook, a tag, kept for longer.</li>
        <li>Before you save, see on the traces of the last days what it would have done.</li>
      </ol>
      {children}
    </section>
  );
}
