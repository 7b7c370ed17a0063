import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { projectApi, session } from "../api";
import { Frame } from "../app/Frame";
import { Live } from "../app/live";
import { projectOf } from "../app/me";
import { type Here, HereContext, may } from "../app/project";
import { LiveContext } from "../app/useLive";
import { followStored, type Keymap } from "../keys/keymap";
import { MediaProject } from "../ui/media";
import { ErrorPanel } from "../ui/State";

const route = getRouteApi("/inside/p/$project");

/** The frame around every page of a project. */
export function ProjectPage() {
  const { project: key } = route.useParams();
  const { me } = route.useRouteContext();
  const project = projectOf(me, key);
  const here = useMemo<Here | null>(
    () => (project ? { me, project, api: projectApi(project.project_id) } : null),
    [me, project],
  );
  useEffect(() => {
    if (project) localStorage.setItem("postil.project", project.key);
  }, [project]);
  useEffect(() => {
    if (!me.member) return;
    // What cannot be kept now stays in this browser, and is kept with the next change.
    const save = (keys: Keymap) => void session.changeMe({ preferences: { ...me.preferences, keys } }).catch(() => {});
    followStored(me.preferences?.keys, save);
  }, [me]);
  const queries = useQueryClient();
  // Whoever only reviews hears of their queues, and of nothing else.
  const hears = here !== null && (may(here, "read") || may(here, "review"));
  const live = useMemo(() => (project && hears ? new Live(project.project_id) : null), [project, hears]);
  useEffect(() => live?.start(), [live]);
  useEffect(
    // Whoever missed something looks again at everything that is on the screen.
    () => live?.listen(({ missed }) => missed && void queries.invalidateQueries()),
    [live, queries],
  );
  if (!here) {
    return (
      <ErrorPanel error={{ status: 404, message: `There is no project “${key}” that you have a part in.` }}>
        <a href="/" className="inline-flex h-8 items-center text-sm text-accent underline">
          Go to your projects
        </a>
      </ErrorPanel>
    );
  }
  return (
    <HereContext value={here}>
      <LiveContext value={live}>
        <MediaProject value={here.project.project_id}>
          <Frame>
            <Outlet />
          </Frame>
        </MediaProject>
      </LiveContext>
    </HereContext>
  );
}
