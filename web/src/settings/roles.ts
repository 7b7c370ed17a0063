import type { Role } from "../api/settings";

/** What a role may do, the least first. */
export const ROLES: { role: Role; label: string; may: string }[] = [
  { role: "viewer", label: "Viewer", may: "read conversations" },
  { role: "reviewer", label: "Reviewer", may: "judge the conversations of queues" },
  { role: "developer", label: "Developer", may: "connect applications and define what is asked" },
  { role: "admin", label: "Admin", may: "run the project" },
  { role: "owner", label: "Owner", may: "run the project, and name other owners" },
];

export const roleLabel = (role: string | undefined): string =>
  ROLES.find((one) => one.role === role)?.label ?? role ?? "";

const rank = (role: string | undefined): number => ROLES.findIndex((one) => one.role === role);

/** The roles that somebody can give: none above their own. */
export const rolesUpTo = (own: string | undefined) => ROLES.filter((_, at) => at <= rank(own));

/** Whether somebody of one role may change somebody of another. */
export const standsAbove = (own: string | undefined, other: string | undefined): boolean => rank(own) >= rank(other);
