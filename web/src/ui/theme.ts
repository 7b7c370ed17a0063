import { useSyncExternalStore } from "react";

/** Paper or ink: what the person chose, else what the system says. */
export type Theme = "light" | "dark" | "system";

const KEY = "postil.theme";
const dark = () => window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

export function chosenTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function shownTheme(): "light" | "dark" {
  const chosen = chosenTheme();
  if (chosen !== "system") return chosen;
  return dark().matches ? "dark" : "light";
}

function apply(): void {
  document.documentElement.dataset.theme = shownTheme();
  for (const listener of listeners) listener();
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  apply();
}

/** Follows the system until the person chooses. */
export function startTheme(): void {
  apply();
  dark().addEventListener("change", apply);
}

const listen = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** What is chosen, and what is shown. */
export function useTheme(): { chosen: Theme; shown: "light" | "dark" } {
  return { chosen: useSyncExternalStore(listen, chosenTheme), shown: useSyncExternalStore(listen, shownTheme) };
}
