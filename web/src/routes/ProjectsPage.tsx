import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useRouter } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { settingsApi } from "../api";
import { asApiError } from "../api/error";
import type { ProjectInfo } from "../api/settings";
import { meQuery } from "../app/me";
import { useHere } from "../app/project";
import { ArchivedProjects } from "../settings/ArchivedProjects";
import { Page } from "../settings/Page";
import { ProjectForm } from "../settings/ProjectForm";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { ErrorPanel, Skeleton } from "../ui/State";
import { toast } from "../ui/Toast";

/** Settings: the projects of the workspace. */
export function ProjectsPage() {
  const { me, project } = useHere();
  const api = settingsApi(project.project_id);
  const client = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  const query = useQuery({ queryKey: ["projects"], queryFn: async () => (await api.projects()).data });
  const [editing, setEditing] = useState<ProjectInfo | "new" | null>(null);
  const [archiving, setArchiving] = useState<ProjectInfo | null>(null);
  const everywhere = Boolean(me.member?.workspace_role);
  /** The frame, too, must learn what changed. */
  const again = async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: ["projects"] }),
      client.fetchQuery({ ...meQuery, staleTime: 0 }),
    ]);
    await router.invalidate();
  };
  const archive = async () => {
    if (!archiving) return;
    await api.archiveProject(archiving.project_id);
    if (archiving.project_id === project.project_id) {
      window.location.assign("/");
      return;
    }
    await again();
    toast(`${archiving.name} is archived`);
  };
  return (
    <Page
      title="Projects"
      about={`A project owns its traces, human reviews, members and keys. These are the ones you have a part in, in ${me.workspace.display_name}.`}
      action={
        everywhere && (
          <Button look="primary" onClick={() => setEditing("new")}>
            <Plus size={16} aria-hidden /> New project
          </Button>
        )
      }
    >
      {query.isPending ? (
        <Skeleton lines={4} className="px-0" />
      ) : query.error ? (
        <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />
      ) : (
        <ul aria-label="Projects" className="border-t">
          {query.data.map((one) => {
            const runs = me.projects
              .find(({ project_id }) => project_id === one.project_id)
              ?.permissions.includes("admin");
            return (
              <li key={one.project_id} className="flex min-h-14 items-center gap-3 border-b py-2 max-sm:flex-wrap">
                <div className="min-w-0 flex-1 max-sm:basis-full">
                  <div className="flex min-w-0 items-baseline gap-2">
                    <Link
                      to="/p/$project/traces"
                      params={{ project: one.key }}
                      className="truncate font-medium hover:underline"
                      title={one.name}
                    >
                      {one.name}
                    </Link>
                    {one.project_id === project.project_id && <Mark>open now</Mark>}
                    {one.is_default && <Mark>default</Mark>}
                  </div>
                  <div className="truncate text-xs text-ink-2">
                    <span className="font-mono text-ink-3">{one.key}</span>
                    {one.description && <span title={one.description}> · {one.description}</span>}
                  </div>
                </div>
                <span className="flex gap-1.5">
                  {runs && (
                    <Button small aria-label={`Edit ${one.name}`} onClick={() => setEditing(one)}>
                      Edit
                    </Button>
                  )}
                  {everywhere && !one.is_default && (
                    <Button small look="danger" aria-label={`Archive ${one.name}`} onClick={() => setArchiving(one)}>
                      Archive
                    </Button>
                  )}
                </span>
              </li>
            );
          })}
        </ul>
      )}
      {everywhere && <ArchivedProjects again={again} />}
      <ProjectForm
        of={editing}
        onClose={() => setEditing(null)}
        onDone={async (done) => {
          await again();
          if (editing === "new") {
            toast(`${done.name} is made`);
            void navigate({ to: "/p/$project/traces", params: { project: done.key } });
          } else toast("Saved");
        }}
      />
      <Confirm
        open={archiving !== null}
        onClose={() => setArchiving(null)}
        title={`Archive ${archiving?.name ?? ""}?`}
        action="Archive"
        run={archive}
      >
        <p>Nobody sees the project any more, and the API keys bound to it stop working at once.</p>
        <p>
          For 30 days an admin of the workspace can bring it back from this page. Then its data goes for good, or
          before, when they say so there.
        </p>
      </Confirm>
    </Page>
  );
}

function Mark({ children }: { children: string }) {
  return <span className="shrink-0 rounded-sm bg-well px-1.5 text-xs leading-5 text-ink-2">{children}</span>;
}
