import "./early";
import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/error";
import { startKeys } from "./keys/useCommand";
import { makeRouter, warm } from "./routes/router";
import { Toasts } from "./ui/Toast";
import { startTheme } from "./ui/theme";
import "./ui/theme.css";

const place = document.getElementById("app");
if (!place) throw new Error("index.html has no #app");

warm(window.location.pathname);
startTheme();
startKeys();

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // Only what may work the next time is tried again: no answer, too many requests, trouble in the server.
      retry: (failures, error) =>
        failures < 2 && error instanceof ApiError && (error.offline || error.status === 429 || error.status >= 500),
    },
  },
});
const router = makeRouter(queries);

// A session that ended while a page was open leads to the door, and back to the same page.
queries.getQueryCache().subscribe((event) => {
  const error = event.type === "updated" && event.action.type === "error" ? event.action.error : undefined;
  if (!(error instanceof ApiError) || error.status !== 401 || router.state.location.pathname === "/sign-in") return;
  void router.navigate({ to: "/sign-in", search: { next: router.state.location.href } });
});

createRoot(place).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
