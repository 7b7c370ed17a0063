import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import {
  Boxes,
  CircleUser,
  Hourglass,
  Keyboard,
  KeyRound,
  MessageSquareQuote,
  Stethoscope,
  Users,
  Webhook,
} from "lucide-react";
import { useEffect, useRef } from "react";
import { may, useHere } from "../app/project";
import { useMedia } from "../ui/useMedia";

const PLACES = [
  {
    group: "Project",
    places: [
      { to: "/p/$project/settings/human-reviews", label: "Human reviews", icon: MessageSquareQuote, needs: "read" },
      { to: "/p/$project/settings/members", label: "Members", icon: Users, needs: "read" },
      { to: "/p/$project/settings/api-keys", label: "API keys", icon: KeyRound, needs: "admin" },
      { to: "/p/$project/settings/ingest", label: "Ingest", icon: Stethoscope, needs: "read" },
      { to: "/p/$project/settings/retention", label: "Retention", icon: Hourglass, needs: "read" },
      { to: "/p/$project/settings/webhooks", label: "Webhooks", icon: Webhook, needs: "admin" },
    ],
  },
  {
    group: "Workspace",
    places: [{ to: "/p/$project/settings/projects", label: "Projects", icon: Boxes, needs: "read" }],
  },
  {
    group: "You",
    places: [
      { to: "/p/$project/settings/account", label: "Account", icon: CircleUser },
      { to: "/p/$project/settings/keys", label: "Keys", icon: Keyboard },
    ],
  },
] as const;

/** The way around the settings, and the page that is open. */
export function SettingsPage() {
  const here = useHere();
  const wide = useMedia("(min-width: 900px)");
  const place = useRouterState({ select: (state) => state.location.pathname });
  const row = useRef<HTMLElement>(null);
  // In a narrow window the row of places scrolls: where one is must be seen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at anew for every place
  useEffect(() => {
    row.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [place, wide]);
  const link = ({ to, label, icon: Icon }: { to: string; label: string; icon: typeof Users }) => (
    <Link
      key={to}
      to={to}
      params={{ project: here.project.key }}
      className="flex h-8 shrink-0 items-center gap-2 rounded-[6px] px-2.5 text-sm whitespace-nowrap"
      activeProps={{ className: "bg-hover font-medium text-ink" }}
      inactiveProps={{ className: "text-ink-2 hover:bg-hover hover:text-ink" }}
    >
      {wide && <Icon size={16} aria-hidden className="shrink-0" />}
      {label}
    </Link>
  );
  const shown = PLACES.map(({ group, places }) => ({
    group,
    places: places.filter((place) => !("needs" in place) || may(here, place.needs)),
  })).filter(({ places }) => places.length > 0);
  if (!wide) {
    return (
      <div className="flex h-full flex-col">
        <nav ref={row} aria-label="Settings" className="scroll flex shrink-0 gap-0.5 border-b px-2 py-1.5">
          {shown.flatMap(({ places }) => places.map(link))}
        </nav>
        <div className="scroll min-h-0 flex-1">
          <Outlet />
        </div>
      </div>
    );
  }
  return (
    <div className="grid h-full grid-cols-[208px_minmax(0,1fr)]">
      <nav aria-label="Settings" className="scroll flex flex-col gap-5 border-r px-3 py-6">
        {shown.map(({ group, places }) => (
          <div key={group} className="flex flex-col gap-0.5">
            <h2 className="px-2.5 pb-1 text-xs font-semibold text-ink-3">{group}</h2>
            {places.map(link)}
          </div>
        ))}
      </nav>
      <div className="scroll min-h-0">
        <Outlet />
      </div>
    </div>
  );
}
