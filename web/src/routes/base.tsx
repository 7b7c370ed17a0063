import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { asApiError } from "../api/error";
import type { Me } from "../api/types";
import { meQuery, projectOf } from "../app/me";
import { ErrorPanel, Skeleton } from "../ui/State";
import { ProjectPage } from "./ProjectPage";

export const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  pendingComponent: () => <Skeleton />,
  errorComponent: ({ error, reset }) => <ErrorPanel error={asApiError(error)} retry={reset} />,
  notFoundComponent: () => <ErrorPanel error={{ status: 404, message: "No page has this address." }} />,
});

export const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === "string" ? { next: search.next } : {},
  component: lazyRouteComponent(() => import("./SignIn"), "SignIn"),
});

/** A one-time link. */
export const signInByLink = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/$token",
  component: lazyRouteComponent(() => import("./SignIn"), "SignIn"),
});

export const invite = createRoute({
  getParentRoute: () => root,
  path: "/invite/$token",
  component: lazyRouteComponent(() => import("./Invite"), "Invite"),
});

/** Everything below needs somebody who is signed in. */
export const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ context, location }) => {
    try {
      return { me: await context.queries.ensureQueryData(meQuery) };
    } catch (cause) {
      const error = asApiError(cause);
      if (error.status === 401) throw redirect({ to: "/sign-in", search: { next: location.href } });
      throw error;
    }
  },
});

export const start = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: ({ context: { me } }) => {
    const last = localStorage.getItem("postil.project");
    const project =
      me.projects.find(({ key }) => key === last) ??
      me.projects.find(({ project_id }) => project_id === me.project_id) ??
      me.projects[0];
    if (project) throw redirect({ to: "/p/$project", params: { project: project.key } });
  },
  component: () => (
    <ErrorPanel
      error={{ status: 403, message: "You have no part in any project. Ask an admin of this workspace for an invite." }}
    />
  ),
});

export const project = createRoute({
  getParentRoute: () => inside,
  path: "/p/$project",
  component: ProjectPage,
});

/** Whether somebody may read the project they look at; somebody who only reviews sees its queues. */
export const reads = (me: Me, key: string): boolean => {
  const here = projectOf(me, key);
  return !here || here.permissions.includes("read") || here.permissions.includes("admin");
};

interface Entering {
  context: { me: Me };
  params: { project: string };
}

/** Sends whoever only reviews to the queues. */
export const onlyReaders = ({ context: { me }, params }: Entering) => {
  if (!reads(me, params.project)) throw redirect({ to: "/p/$project/queues", params: { project: params.project } });
};

export const projectStart = createRoute({
  getParentRoute: () => project,
  path: "/",
  beforeLoad: ({ context: { me }, params }) => {
    throw redirect({ to: reads(me, params.project) ? "/p/$project/traces" : "/p/$project/queues", params });
  },
});
