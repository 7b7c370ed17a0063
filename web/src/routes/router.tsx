import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { asApiError } from "../api/error";
import { meQuery } from "../app/me";
import { datasetSearch } from "../datasets/search";
import { logSearch } from "../logs/search";
import { awaitFirst } from "../traces/first";
import { traceSearch } from "../traces/search";
import { ErrorPanel, Skeleton } from "../ui/State";
import { ProjectPage } from "./ProjectPage";
import { TracesPage } from "./TracesPage";

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  pendingComponent: () => <Skeleton />,
  errorComponent: ({ error, reset }) => <ErrorPanel error={asApiError(error)} retry={reset} />,
  notFoundComponent: () => <ErrorPanel error={{ status: 404, message: "No page has this address." }} />,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === "string" ? { next: search.next } : {},
  component: lazyRouteComponent(() => import("./SignIn"), "SignIn"),
});

/** A one-time link. */
const signInByLink = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/$token",
  component: lazyRouteComponent(() => import("./SignIn"), "SignIn"),
});

const invite = createRoute({
  getParentRoute: () => root,
  path: "/invite/$token",
  component: lazyRouteComponent(() => import("./Invite"), "Invite"),
});

/** Everything below needs somebody who is signed in. */
const inside = createRoute({
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

const start = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: ({ context: { me } }) => {
    const last = localStorage.getItem("postil.project");
    const project =
      me.projects.find(({ key }) => key === last) ??
      me.projects.find(({ project_id }) => project_id === me.project_id) ??
      me.projects[0];
    if (project) throw redirect({ to: "/p/$project/traces", params: { project: project.key } });
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

const traces = createRoute({
  getParentRoute: () => project,
  path: "/traces",
  validateSearch: traceSearch,
  loader: ({ context: { queries, me }, params }) => awaitFirst(queries, me, params.project),
  component: TracesPage,
});

const trace = createRoute({
  getParentRoute: () => traces,
  path: "/$trace",
  component: lazyRouteComponent(() => import("./TracePage"), "TracePage"),
});

const logs = createRoute({
  getParentRoute: () => project,
  path: "/logs",
  validateSearch: logSearch,
  component: lazyRouteComponent(() => import("./LogsPage"), "LogsPage"),
});

const log = createRoute({
  getParentRoute: () => logs,
  path: "/$log",
  component: lazyRouteComponent(() => import("./LogPage"), "LogPage"),
});

const datasets = createRoute({
  getParentRoute: () => project,
  path: "/datasets",
  component: lazyRouteComponent(() => import("./DatasetsPage"), "DatasetsPage"),
});

const dataset = createRoute({
  getParentRoute: () => project,
  path: "/datasets/$dataset",
  validateSearch: datasetSearch,
  component: lazyRouteComponent(() => import("./DatasetPage"), "DatasetPage"),
});

const settings = createRoute({
  getParentRoute: () => project,
  path: "/settings",
  component: lazyRouteComponent(() => import("./SettingsPage"), "SettingsPage"),
});

const settingsStart = createRoute({
  getParentRoute: () => settings,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/p/$project/settings/human-reviews", params });
  },
});

const reviews = createRoute({
  getParentRoute: () => settings,
  path: "/human-reviews",
  component: lazyRouteComponent(() => import("./HumanReviewsPage"), "HumanReviewsPage"),
});

const review = createRoute({
  getParentRoute: () => settings,
  path: "/human-reviews/$review",
  component: lazyRouteComponent(() => import("./HumanReviewPage"), "HumanReviewPage"),
});

const members = createRoute({
  getParentRoute: () => settings,
  path: "/members",
  component: lazyRouteComponent(() => import("./MembersPage"), "MembersPage"),
});

const apiKeys = createRoute({
  getParentRoute: () => settings,
  path: "/api-keys",
  component: lazyRouteComponent(() => import("./ApiKeysPage"), "ApiKeysPage"),
});

const ingest = createRoute({
  getParentRoute: () => settings,
  path: "/ingest",
  component: lazyRouteComponent(() => import("./IngestPage"), "IngestPage"),
});

const retention = createRoute({
  getParentRoute: () => settings,
  path: "/retention",
  component: lazyRouteComponent(() => import("./RetentionPage"), "RetentionPage"),
});

const projects = createRoute({
  getParentRoute: () => settings,
  path: "/projects",
  component: lazyRouteComponent(() => import("./ProjectsPage"), "ProjectsPage"),
});

const account = createRoute({
  getParentRoute: () => settings,
  path: "/account",
  component: lazyRouteComponent(() => import("./AccountPage"), "AccountPage"),
});

const keys = createRoute({
  getParentRoute: () => settings,
  path: "/keys",
  component: lazyRouteComponent(() => import("./KeysPage"), "KeysPage"),
});

const tree = root.addChildren([
  signIn,
  signInByLink,
  invite,
  inside.addChildren([
    start,
    project.addChildren([
      traces.addChildren([trace]),
      logs.addChildren([log]),
      datasets,
      dataset,
      settings.addChildren([
        settingsStart,
        reviews,
        review,
        members,
        apiKeys,
        ingest,
        retention,
        projects,
        account,
        keys,
      ]),
    ]),
  ]),
]);

/** Begins to load the page of an address while it is still being found out who asks for it. */
export function warm(pathname: string): void {
  const [, first, , place, item] = pathname.split("/");
  if (first !== "p") return;
  if (place === "logs") void import("./LogsPage");
  if (item && place === "traces") void import("./TracePage");
}

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: "intent",
    defaultPendingMs: 150,
    defaultPendingComponent: () => <Skeleton />,
    defaultErrorComponent: ({ error, reset }) => <ErrorPanel error={asApiError(error)} retry={reset} />,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
