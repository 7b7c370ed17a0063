import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { settingsApi } from "../api";
import type { ProjectInfo } from "../api/settings";
import { useHere } from "../app/project";
import { ProgressLine } from "../traces/ProgressLine";
import { useBulk } from "../traces/useBulk";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { ErrorLine } from "../ui/State";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";

/** Projects that nobody sees any more, with the way back and the way out. */
export function ArchivedProjects({ again }: { again: () => Promise<void> }) {
  const { project } = useHere();
  const api = settingsApi(project.project_id);
  const query = useQuery({
    queryKey: ["projects", "archived"],
    queryFn: async () => (await api.archivedProjects()).data,
    // Others may delete one, whose job this page does not know.
    refetchInterval: ({ state }) => (state.data?.some(({ deleting_since }) => deleting_since) ? 5000 : false),
  });
  const { busy, error, run } = useWork();
  const [deleting, setDeleting] = useState<ProjectInfo | null>(null);
  const bulk = useBulk(() => void query.refetch(), "project");
  if (!query.data?.length) return null;
  const restore = ({ project_id, name }: ProjectInfo) =>
    void run(async () => {
      await api.restoreProject(project_id);
      await again();
      toast(`${name} is back`);
    });
  const remove = async () => {
    if (!deleting) return;
    await bulk.start(() => api.deleteProject(deleting.project_id));
    await query.refetch();
  };
  return (
    <section aria-label="Archived projects" className="mt-8">
      <div className="mb-1 flex min-h-8 flex-wrap items-center gap-3">
        <h2 className="flex-1 text-md font-semibold">Archived</h2>
        {bulk.progress && <ProgressLine progress={bulk.progress} />}
      </div>
      {error && <ErrorLine error={error} />}
      <ul>
        {query.data.map((one) => (
          <li key={one.project_id} className="flex min-h-12 items-center gap-1.5 border-b py-2">
            <span className="min-w-0 flex-1 truncate text-ink-2" title={one.name}>
              {one.name}
            </span>
            {one.deleting_since ? (
              <span className="text-sm text-ink-3">is being deleted</span>
            ) : (
              <>
                <Button small disabled={busy} aria-label={`Bring back ${one.name}`} onClick={() => restore(one)}>
                  Bring back
                </Button>
                <Button
                  small
                  look="danger"
                  disabled={busy || bulk.progress !== undefined}
                  aria-label={`Delete ${one.name} for good`}
                  onClick={() => setDeleting(one)}
                >
                  Delete…
                </Button>
              </>
            )}
          </li>
        ))}
      </ul>
      <Confirm
        open={deleting !== null}
        onClose={() => setDeleting(null)}
        title={`Delete ${deleting?.name ?? ""} for good?`}
        action="Delete"
        run={remove}
      >
        <p>Its traces, everything said of them, its queues, datasets, automations, human reviews and keys go.</p>
        <p>This begins at once, cannot be stopped and cannot be undone.</p>
      </Confirm>
    </section>
  );
}
