import type { QueryClient } from "@tanstack/react-query";
import { createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { asApiError } from "../api/error";
import { automationSearch } from "../automations/search";
import { datasetSearch } from "../datasets/search";
import { logSearch } from "../logs/search";
import { carrySearch, queueSearch } from "../queues/search";
import { awaitFirst } from "../traces/first";
import { traceSearch } from "../traces/search";
import { ErrorPanel, Skeleton } from "../ui/State";
import { inside, invite, onlyReaders, project, projectStart, root, signIn, signInByLink, start } from "./base";
import { TracesPage } from "./TracesPage";

const traces = createRoute({
  getParentRoute: () => project,
  path: "/traces",
  validateSearch: traceSearch,
  beforeLoad: (at) => onlyReaders(at),
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
  validateSearch: carrySearch,
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./QueueEditPage"), "QueueEditPage"),
});

const queueReview = createRoute({
  getParentRoute: () => project,
  path: "/queues/$queue/review",
  validateSearch: (search: Record<string, unknown>): { go?: true } => (search.go ? { go: true } : {}),
  component: lazyRouteComponent(() => import("./ReviewPage"), "ReviewPage"),
});

const datasets = createRoute({
  getParentRoute: () => project,
  path: "/datasets",
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./DatasetsPage"), "DatasetsPage"),
});

const dataset = createRoute({
  getParentRoute: () => project,
  path: "/datasets/$dataset",
  validateSearch: datasetSearch,
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./DatasetPage"), "DatasetPage"),
});

const automations = createRoute({
  getParentRoute: () => project,
  path: "/automations",
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./AutomationsPage"), "AutomationsPage"),
});

const automation = createRoute({
  getParentRoute: () => project,
  path: "/automations/$automation",
  validateSearch: automationSearch,
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./AutomationPage"), "AutomationPage"),
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

const webhooks = createRoute({
  getParentRoute: () => settings,
  path: "/webhooks",
  beforeLoad: (at) => onlyReaders(at),
  component: lazyRouteComponent(() => import("./WebhooksPage"), "WebhooksPage"),
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
      datasets,
      dataset,
      automations,
      automation,
      settings.addChildren([
        settingsStart,
        reviews,
        review,
        members,
        apiKeys,
        ingest,
        retention,
        webhooks,
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
  else if (place === "queues") void (item ? import("./ReviewPage") : import("./QueuesPage"));
  else if (place === "automations") void (item ? import("./AutomationPage") : import("./AutomationsPage"));
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
