import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import {
  CircleQuestionMark,
  CircleUser,
  Database,
  FileText,
  ListChecks,
  Moon,
  Rows3,
  Search,
  Settings,
  Sun,
  WifiOff,
  Workflow,
} from "lucide-react";
import { type ReactNode, useState } from "react";
import { session } from "../api";
import { KeySheet } from "../keys/KeySheet";
import { useKeyName } from "../keys/keymap";
import { Palette, type PaletteEntry } from "../keys/Palette";
import { useCommand } from "../keys/useCommand";
import { Button, IconButton } from "../ui/Button";
import { cx } from "../ui/cx";
import { Menu } from "../ui/Menu";
import { chooseTheme, useTheme } from "../ui/theme";
import { Crumb } from "./Crumb";
import { Mark } from "./Mark";
import { may, useHere } from "./project";
import { useConnectionLost } from "./useLive";

const PLACES = [
  { id: "traces", label: "Traces", icon: Rows3, path: "/p/$project/traces" },
  { id: "logs", label: "Logs", icon: FileText, path: "/p/$project/logs" },
  { id: "queues", label: "Queues", icon: ListChecks, path: "/p/$project/queues" },
  { id: "datasets", label: "Datasets", icon: Database, path: "/p/$project/datasets" },
  { id: "automations", label: "Automations", icon: Workflow, path: "/p/$project/automations" },
  { id: "settings", label: "Settings", icon: Settings, path: "/p/$project/settings/human-reviews" },
] as const;

/** Where somebody may go who only reviews: to the queues. */
const isOpen = (place: (typeof PLACES)[number]["id"], reads: boolean) => reads || place === "queues";

/** On a phone, automations are a part of the traces. */
const isBeside = (id: string, place: string) => id === "traces" && place === "automations";

/** The rail, the bar, and what opens from anywhere: palette, key sheet, theme. */
export function Frame({ children }: { children: ReactNode }) {
  const here = useHere();
  const { project } = here;
  const parts = useRouterState({ select: (state) => state.location.pathname.split("/").slice(3).join("/") });
  const place = parts.split("/")[0] ?? "";
  // Where one item after the other is judged, a phone has no room for anything else.
  const alone = /^queues\/[^/]+\/review$/.test(parts);
  const reads = may(here, "read");
  return (
    <div
      className={cx(
        "grid h-full grid-cols-[minmax(0,1fr)] sm:grid-cols-[48px_minmax(0,1fr)] sm:grid-rows-[40px_minmax(0,1fr)] xl:grid-cols-[168px_minmax(0,1fr)]",
        alone ? "max-sm:grid-rows-[minmax(0,1fr)]" : "max-sm:grid-rows-[40px_minmax(0,1fr)_auto]",
      )}
    >
      <nav
        aria-label="Places"
        className={cx(
          "flex bg-paper max-sm:row-start-3 max-sm:border-t sm:col-start-1 sm:row-span-2 sm:flex-col sm:border-r",
          alone && "max-sm:hidden",
        )}
      >
        <div className="hidden h-10 shrink-0 items-center gap-2 px-[13px] sm:flex">
          <Mark />
          <span className="hidden text-md font-semibold xl:inline">Postil</span>
        </div>
        {PLACES.filter(({ id }) => isOpen(id, reads)).map(({ id, label, icon: Icon, path }) => (
          <Link
            key={id}
            to={path}
            params={{ project: project.key }}
            title={label}
            aria-current={place === id ? "page" : undefined}
            className={cx(
              // A phone has no room for all: automations are reached beside the traces.
              id === "automations" && "max-sm:hidden",
              "flex h-12 flex-1 items-center justify-center gap-2.5 text-sm max-sm:flex-col max-sm:gap-0.5 max-sm:text-xs sm:mx-1.5 sm:h-9 sm:flex-none sm:rounded-[6px] xl:justify-start xl:px-2.5",
              place === id ? "font-medium text-ink sm:bg-hover" : "text-ink-2 hover:text-ink sm:hover:bg-hover",
              isBeside(id, place) && "max-sm:font-medium max-sm:text-ink",
            )}
          >
            <Icon
              size={16}
              aria-hidden
              className={cx(place === id && "text-accent", isBeside(id, place) && "max-sm:text-accent")}
            />
            <span className="sm:sr-only xl:not-sr-only">{label}</span>
          </Link>
        ))}
      </nav>
      <Bar place={place} title={PLACES.find(({ id }) => id === place)?.label ?? ""} alone={alone} />
      <main className={cx("min-h-0 sm:col-start-2", alone ? "max-sm:row-start-1" : "max-sm:row-start-2")}>
        {children}
      </main>
      <Connection />
    </div>
  );
}

/** Says when the server cannot be heard, over the page so that nothing moves, and goes away by itself. */
function Connection() {
  const lost = useConnectionLost();
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-0 bottom-4 z-40 max-sm:bottom-16 flex justify-center px-3"
    >
      {lost && (
        <span className="floating flex items-center gap-2 px-3 py-1.5 text-sm text-warn">
          <WifiOff size={14} aria-hidden />
          Connection lost. Trying again…
        </span>
      )}
    </div>
  );
}

function Bar({ place, title, alone }: { place: string; title: string; alone: boolean }) {
  const here = useHere();
  const { me, project } = here;
  const reads = may(here, "read");
  const navigate = useNavigate();
  const [open, setOpen] = useState<"palette" | "keys" | null>(null);
  const theme = useTheme().shown;
  // What closes must not close what was opened after it.
  const close = (which: "palette" | "keys") => setOpen((now) => (now === which ? null : now));
  const params = { project: project.key };
  const go = (key: string) => void navigate({ to: "/p/$project", params: { project: key } });
  const switchTheme = () => chooseTheme(theme === "dark" ? "light" : "dark");
  const paletteKey = useKeyName("palette");
  const goes = { when: reads, whileTyping: true };
  useCommand("palette", () => setOpen("palette"), { whileTyping: true });
  useCommand("key-sheet", () => setOpen("keys"));
  useCommand("theme", switchTheme);
  useCommand("go-traces", () => void navigate({ to: "/p/$project/traces", params }), goes);
  useCommand("go-logs", () => void navigate({ to: "/p/$project/logs", params }), goes);
  useCommand("go-queues", () => void navigate({ to: "/p/$project/queues", params }), { whileTyping: true });
  useCommand("go-datasets", () => void navigate({ to: "/p/$project/datasets", params }), goes);
  useCommand("go-automations", () => void navigate({ to: "/p/$project/automations", params }), goes);
  useCommand("go-settings", () => void navigate({ to: "/p/$project/settings/human-reviews", params }), goes);
  const extra: PaletteEntry[] = me.projects
    .filter((other) => other.key !== project.key)
    .map((other) => ({
      id: other.key,
      label: `Open project ${other.name}`,
      group: "Projects",
      run: () => go(other.key),
    }));
  return (
    <header className={cx("flex min-w-0 items-center gap-1 border-b px-2 sm:col-start-2", alone && "max-sm:hidden")}>
      <Menu
        trigger={
          <Button
            look="quiet"
            small
            className="min-w-0 shrink font-medium text-ink"
            aria-label={`Project ${project.name}`}
          >
            <span className="truncate">{project.name}</span>
            <span aria-hidden>▾</span>
          </Button>
        }
        entries={me.projects.map((other) => ({
          id: other.key,
          label: other.name,
          chosen: other.key === project.key,
          ...(other.role ? { note: other.role } : {}),
          run: () => go(other.key),
        }))}
      />
      <span aria-hidden className="text-ink-3">
        /
      </span>
      <Crumb place={place} title={title} />
      <span className="flex-1" />
      <Button look="quiet" small onClick={() => setOpen("palette")}>
        <Search size={16} aria-hidden />
        <span className="sr-only sm:not-sr-only">
          Search<span className="sr-only"> and run commands</span>
        </span>
        {paletteKey && (
          <kbd aria-hidden className="kbd hidden sm:inline-flex">
            {paletteKey}
          </kbd>
        )}
      </Button>
      <IconButton
        name="Show all keys"
        shortcut={useKeyName("key-sheet")}
        onClick={() => setOpen("keys")}
        className="size-8 max-sm:hidden"
      >
        <CircleQuestionMark size={16} aria-hidden />
      </IconButton>
      <IconButton
        name={theme === "dark" ? "Light theme" : "Dark theme"}
        shortcut={useKeyName("theme")}
        onClick={switchTheme}
      >
        {theme === "dark" ? <Sun size={16} aria-hidden /> : <Moon size={16} aria-hidden />}
      </IconButton>
      <Menu
        align="end"
        trigger={
          <IconButton name="Your account">
            <CircleUser size={16} aria-hidden />
          </IconButton>
        }
        heading={
          <div className="border-b px-3 pt-1 pb-2 text-sm">
            <div className="font-medium">{me.member?.display_name ?? me.key?.name}</div>
            <div className="text-xs text-ink-2">{me.member?.email}</div>
          </div>
        }
        entries={[
          {
            id: "account",
            label: "Account",
            run: () => void navigate({ to: "/p/$project/settings/account", params }),
          },
          {
            id: "out",
            label: "Sign out",
            run: () => void session.signOut().then(() => window.location.assign("/sign-in")),
          },
        ]}
      />
      <Palette
        open={open === "palette"}
        onClose={() => close("palette")}
        extra={extra}
        {...(reads
          ? {
              search: (words: string) =>
                void navigate({ to: "/p/$project/traces", params, search: { q: JSON.stringify(words) } }),
            }
          : {})}
      />
      <KeySheet open={open === "keys"} onClose={() => close("keys")} />
    </header>
  );
}
