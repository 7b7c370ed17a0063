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
import type { Me } from "../api/types";
import { meQuery } from "../app/me";
import { logSearch } from "../logs/search";
import { queueSearch } from "../queues/search";
import { traceSearch } from "../traces/search";
import { ErrorPanel, Skeleton } from "../ui/State";

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
  component: lazyRouteComponent(() => import("./ProjectPage"), "ProjectPage"),
});

/** Whether somebody may read the project they look at; somebody who only reviews sees its queues. */
const reads = (me: Me, key: string): boolean => {
  const here = me.projects.find((one) => one.key === key || one.project_id === key);
  return !here || here.permissions.includes("read") || here.permissions.includes("admin");
};

interface Entering {
  context: { me: Me };
  params: { project: string };
}

const onlyReaders = ({ context: { me }, params }: Entering) => {
  if (!reads(me, params.project)) throw redirect({ to: "/p/$project/queues", params: { project: params.project } });
};

const projectStart = createRoute({
  getParentRoute: () => project,
  path: "/",
  beforeLoad: ({ context: { me }, params }) => {
    throw redirect({ to: reads(me, params.project) ? "/p/$project/traces" : "/p/$project/queues", params });
  },
});

const traces = createRoute({
  getParentRoute: () => project,
  path: "/traces",
  validateSearch: traceSearch,
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./TracesPage"), "TracesPage"),
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
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./LogsPage"), "LogsPage"),
});

const log = createRoute({
  getParentRoute: () => logs,
  path: "/$log",
  component: lazyRouteComponent(() => import("./LogPage"), "LogPage"),
});

const queues = createRoute({
  getParentRoute: () => project,
  path: "/queues",
  component: lazyRouteComponent(() => import("./QueuesPage"), "QueuesPage"),
});

const queue = createRoute({
  getParentRoute: () => project,
  path: "/queues/$queue",
  validateSearch: queueSearch,
  component: lazyRouteComponent(() => import("./QueuePage"), "QueuePage"),
});

const queueEdit = createRoute({
  getParentRoute: () => project,
  path: "/queues/$queue/edit",
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./QueueEditPage"), "QueueEditPage"),
});

const queueReview = createRoute({
  getParentRoute: () => project,
  path: "/queues/$queue/review",
  validateSearch: (search: Record<string, unknown>): { go?: true } => (search.go ? { go: true } : {}),
  component: lazyRouteComponent(() => import("./ReviewPage"), "ReviewPage"),
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
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./HumanReviewsPage"), "HumanReviewsPage"),
});

const review = createRoute({
  getParentRoute: () => settings,
  path: "/human-reviews/$review",
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./HumanReviewPage"), "HumanReviewPage"),
});

const members = createRoute({
  getParentRoute: () => settings,
  path: "/members",
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./MembersPage"), "MembersPage"),
});

const apiKeys = createRoute({
  getParentRoute: () => settings,
  path: "/api-keys",
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./ApiKeysPage"), "ApiKeysPage"),
});

const ingest = createRoute({
  getParentRoute: () => settings,
  path: "/ingest",
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./IngestPage"), "IngestPage"),
});

const retention = createRoute({
  getParentRoute: () => settings,
  path: "/retention",
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./RetentionPage"), "RetentionPage"),
});

const projects = createRoute({
  getParentRoute: () => settings,
  path: "/projects",
  beforeLoad: (at) => onlyReaders(at),
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
      projectStart,
      traces.addChildren([trace]),
      logs.addChildren([log]),
      queues,
      queue,
      queueEdit,
      queueReview,
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
  if (first !== "p" && pathname !== "/") return;
  void import("./ProjectPage");
  if (place === "logs") void import("./LogsPage");
  else if (place === "queues") void (item ? import("./ReviewPage") : import("./QueuesPage"));
  else if (place === undefined || place === "traces") void import("./TracesPage");
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
