import { Link } from "@tanstack/react-router";
import { cx } from "../ui/cx";
import { may, useHere } from "./project";

const TABS = [
  { id: "traces", label: "Traces", path: "/p/$project/traces" },
  { id: "automations", label: "Automations", path: "/p/$project/automations" },
] as const;

/** Where one is; the traces and what happens with them by itself stand beside each other. */
export function Crumb({ place, title }: { place: string; title: string }) {
  const here = useHere();
  if (!TABS.some(({ id }) => id === place) || !may(here, "read"))
    return <span className="px-2 text-sm text-ink-2">{title}</span>;
  return (
    <nav aria-label="Traces and automations" className="flex h-full min-w-0 items-stretch">
      {TABS.map(({ id, label, path }) => (
        <Link
          key={id}
          to={path}
          params={{ project: here.project.key }}
          aria-current={id === place ? "page" : undefined}
          className={cx(
            "flex items-center border-b-2 px-2 text-sm -outline-offset-2",
            id === place ? "border-accent text-ink" : "border-transparent text-ink-2 hover:text-ink",
          )}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
