import { createContext, use } from "react";
import type { ProjectApi } from "../api";
import type { Me, Project } from "../api/types";

/** The project whose pages are shown, and who is looking. */
export interface Here {
  me: Me;
  project: Project;
  api: ProjectApi;
}

export const HereContext = createContext<Here | null>(null);

export function useHere(): Here {
  const here = use(HereContext);
  if (!here) throw new Error("shown outside of a project");
  return here;
}

export const may = (here: Here, permission: string): boolean =>
  here.project.permissions.includes(permission) || here.project.permissions.includes("admin");
