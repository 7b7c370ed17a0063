import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import type { Automation } from "../api/automations";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { BackFill } from "../automations/BackFill";
import { draftOf } from "../automations/draft";
import { Editor } from "../automations/Editor";
import { Head } from "../automations/Head";
import { useAutomations, useAutomationsLive } from "../automations/queries";
import { RunLog } from "../automations/RunLog";
import { textOf } from "../automations/useDraft";
import { usePause } from "../automations/usePause";
import { useCommand } from "../keys/useCommand";
import { ProgressLine } from "../traces/ProgressLine";
import { useBulk } from "../traces/useBulk";
import { Confirm } from "../ui/Confirm";
import { named } from "../ui/format";
import { ErrorPanel, Skeleton } from "../ui/State";
import { Tabs } from "../ui/Tabs";
import { toast } from "../ui/Toast";

const route = getRouteApi("/inside/p/$project/automations/$automation");
const nothing = () => {};

/** One automation: its rule with what it would do, and what it did. */
export function AutomationPage() {
  const here = useHere();
  const { automation: id } = route.useParams();
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const automations = useAutomations();
  const isNew = id === "new";
  const query = useQuery({ ...automations.one(id), enabled: !isNew });
  const back = () => void navigate({ to: "/p/$project/automations", params: { project: here.project.key } });
  useCommand("close-automation", back);
  const saved = (automation: Automation, backFill: boolean) => {
    automations.stored(automation);
    toast(isNew ? `${named(automation.name)} is on` : "Saved");
    void navigate({
      to: "/p/$project/automations/$automation",
      params: { project: here.project.key, automation: automation.id },
      search: backFill ? { back: true } : {},
      replace: true,
    });
  };
  if (isNew) {
    if (!may(here, "define"))
      return <ErrorPanel error={{ status: 403, message: "A developer or an admin can make automations." }} />;
    return (
      <div className="flex h-full flex-col">
        <Head automation={undefined} />
        <Editor key={q ?? ""} automation={undefined} filter={q} onSaved={saved} onDirty={nothing} />
      </div>
    );
  }
  if (query.isPending) return <Skeleton lines={6} />;
  if (query.error) return <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />;
  return <Shown key={id} automation={query.data} onSaved={saved} onGone={back} />;
}

function Shown({
  automation,
  onSaved,
  onGone,
}: {
  automation: Automation;
  onSaved: (automation: Automation, backFill: boolean) => void;
  onGone: () => void;
}) {
  const here = useHere();
  const { tab = "rule", outcome, back } = route.useSearch();
  const navigate = route.useNavigate();
  const automations = useAutomations();
  const { put, isBusy } = usePause();
  const [asking, setAsking] = useState<"delete" | "back-fill">();
  const [dirty, setDirty] = useState(false);
  const { id, name, enabled } = automation;
  useAutomationsLive(() => automations.changed(id));
  const { progress, start, cancel } = useBulk(() => automations.changed(id), `automation.${id}`);
  const edits = may(here, "define");
  const show = (to: "rule" | "runs") => void navigate({ search: to === "runs" ? { tab: to } : {}, replace: true });
  useCommand("pause-automation", () => put(automation, !enabled), { when: edits, once: true });
  useCommand("back-fill", () => setAsking("back-fill"), { when: edits && !progress });
  useCommand("delete-automation", () => setAsking("delete"), { when: edits });
  useCommand("run-log", () => show(tab === "runs" ? "rule" : "runs"));
  const close = () => {
    setAsking(undefined);
    if (back) void navigate({ search: ({ back: _, ...rest }) => rest, replace: true });
  };
  return (
    <div className="flex h-full flex-col">
      <Head
        automation={automation}
        busy={isBusy(id)}
        onPause={(to) => put(automation, to)}
        onBackFill={progress ? undefined : () => setAsking("back-fill")}
        onDelete={() => setAsking("delete")}
        progress={progress && <ProgressLine progress={progress} cancel={cancel} />}
      />
      <div className="shrink-0 border-b">
        <div className="mx-auto max-w-[1280px] px-1 lg:px-5">
          <Tabs
            label="Parts of the automation"
            panel="automation-panel"
            value={tab}
            onChange={show}
            tabs={[
              { id: "rule", label: "Rule" },
              { id: "runs", label: "Run log" },
            ]}
          />
        </div>
      </div>
      <div
        id="automation-panel"
        role="tabpanel"
        aria-labelledby={`automation-panel-${tab}`}
        className="flex min-h-0 flex-1 flex-col"
      >
        {tab === "rule" ? (
          <Editor
            // Whatever somebody else changes meanwhile, what is written here stays.
            key={textOf(draftOf(automation))}
            automation={automation}
            filter={undefined}
            onSaved={onSaved}
            onDirty={setDirty}
          />
        ) : (
          <div className="scroll relative min-h-0 flex-1">
            <div className="mx-auto max-w-[1280px] px-4 py-4 lg:px-8">
              <RunLog
                automation={automation}
                outcome={outcome}
                onOutcome={(to) =>
                  void navigate({ search: { tab: "runs", ...(to ? { outcome: to } : {}) }, replace: true })
                }
              />
            </div>
          </div>
        )}
      </div>
      <BackFill
        automation={automation}
        open={asking === "back-fill" || (back === true && edits)}
        unsaved={dirty && tab === "rule"}
        onClose={close}
        start={start}
      />
      <Confirm
        open={asking === "delete"}
        onClose={() => setAsking(undefined)}
        title={`Delete ${name}?`}
        action="Delete the automation"
        run={async () => {
          await automations.api.remove(id);
          automations.changed();
          toast(`${named(name)} is deleted`);
          onGone();
        }}
      >
        <p>Its run log goes with it. What it put into queues and datasets stays there.</p>
      </Confirm>
    </div>
  );
}
