import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Bookmark } from "lucide-react";
import { useState } from "react";
import { type ApiError, asApiError } from "../api/error";
import type { View, ViewInput } from "../api/types";
import { may, useHere } from "../app/project";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { Menu, type MenuEntry } from "../ui/Menu";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { toast } from "../ui/Toast";
import { chosenColumns } from "./columns";
import type { TraceSearchParams } from "./search";

interface ViewsProps {
  search: TraceSearchParams;
  dense: boolean;
  columns: readonly string[];
  choose: (view: View) => void;
  /** Which view the address names. */
  name: (id: string | undefined) => void;
}

/** What a view keeps of the page. */
export const shown = (search: TraceSearchParams, dense: boolean, columns: readonly string[]): ViewInput => ({
  filter_by: search.q ?? "",
  sort: search.sort ?? "",
  time_range: search.from && search.to ? `${search.from}/${search.to}` : (search.range ?? ""),
  density: dense ? "dense" : "comfortable",
  columns: [...columns],
});

/** The address of a view. */
export function addressOf(view: View): TraceSearchParams {
  const [from, to] = view.time_range?.includes("/") ? view.time_range.split("/") : [];
  return {
    view: view.id,
    ...(view.filter_by ? { q: view.filter_by } : {}),
    ...(view.sort ? { sort: view.sort } : {}),
    ...(from && to ? { from, to } : view.time_range ? { range: view.time_range } : {}),
  };
}

const differs = (view: View, now: ViewInput) =>
  (["filter_by", "sort", "time_range", "density"] as const).some((part) => (view[part] ?? "") !== (now[part] ?? "")) ||
  // A view that names no columns leaves them to whoever looks.
  (view.columns.length > 0 && chosenColumns(view.columns).join() !== now.columns?.join());

/** The saved views: choose one, save what is shown, rename, delete. */
export function Views({ search, dense, columns, choose, name }: ViewsProps) {
  const here = useHere();
  const { api, project, me } = here;
  const queries = useQueryClient();
  const key = [project.key, "views", "traces"];
  const views = useQuery({ queryKey: key, queryFn: async () => (await api.views("traces")).data, staleTime: 30_000 });
  const [asking, setAsking] = useState<"new" | "rename">();
  const list = views.data ?? [];
  const current = list.find(({ id }) => id === search.view);
  const now = shown(search, dense, columns);
  const changed = current !== undefined && differs(current, now);
  const mayChange = current && (current.created_by_id === (me.member?.id ?? me.key?.id) || may(here, "define"));
  const reread = () => queries.invalidateQueries({ queryKey: key });
  const failed = (cause: unknown) => toast(asApiError(cause).message, { bad: true });
  const keep = (view: View) =>
    void api.updateView(view.id, now).then(() => {
      toast(`“${view.display_name}” saved`);
      return reread();
    }, failed);
  const remove = (view: View) =>
    void api.removeView(view.id).then(() => {
      const {
        display_name,
        page = "traces",
        filter_by,
        sort = "",
        time_range = "",
        density = "",
        columns: kept,
      } = view;
      const again = { display_name, page, filter_by, sort, time_range, density, columns: kept };
      const is_private = view.private_for_ids.length > 0;
      const undo = () => void api.createView({ ...again, is_private }).then(reread, failed);
      toast(`“${display_name}” deleted`, { action: { label: "Undo", run: undo } });
      name(undefined);
      return reread();
    }, failed);
  const save = async (display_name: string, is_private: boolean) => {
    const asked = asking === "rename" && current;
    const { view } = asked
      ? await api.updateView(current.id, { display_name, is_private })
      : await api.createView({ ...now, display_name, is_private, page: "traces" });
    await reread();
    name(view.id);
  };
  const entries: MenuEntry[] = [
    ...list.map((view) => ({
      id: view.id,
      label: view.display_name,
      chosen: view.id === current?.id,
      ...(view.private_for_ids.length > 0 ? { note: "only you" } : {}),
      run: () => choose(view),
    })),
    { id: "new", label: "Save as a new view…", run: () => setAsking("new") },
    ...(current && mayChange
      ? [
          ...(changed
            ? [{ id: "keep", label: `Save changes to “${current.display_name}”`, run: () => keep(current) }]
            : []),
          { id: "rename", label: `Rename “${current.display_name}”…`, run: () => setAsking("rename") },
          { id: "remove", label: `Delete “${current.display_name}”`, run: () => remove(current) },
        ]
      : []),
  ];
  const said = current ? `${current.display_name}${changed ? " (changed)" : ""}` : "Views";
  return (
    <>
      <Menu
        trigger={
          <Button look="plain" aria-label={current ? `View: ${said}` : "Views"} className="max-sm:h-10">
            <Bookmark size={16} aria-hidden className={cx(current && "text-accent")} />
            <span className="max-w-40 truncate max-sm:hidden">{said}</span>
          </Button>
        }
        entries={entries}
      />
      <Dialog
        open={asking !== undefined}
        onClose={() => setAsking(undefined)}
        title={asking === "rename" ? "Rename the view" : "Save a view"}
      >
        <ViewForm
          before={asking === "rename" ? current : undefined}
          mayShare={may(here, "annotate") || may(here, "define")}
          save={save}
          close={() => setAsking(undefined)}
        />
      </Dialog>
    </>
  );
}

function ViewForm({
  before,
  mayShare,
  save,
  close,
}: {
  before: View | undefined;
  mayShare: boolean;
  save: (name: string, isPrivate: boolean) => Promise<void>;
  close: () => void;
}) {
  const [name, setName] = useState(before?.display_name ?? "");
  const [mine, setMine] = useState(before ? before.private_for_ids.length > 0 : !mayShare);
  const [error, setError] = useState<ApiError>();
  return (
    <form
      className="flex flex-col gap-4 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        save(name, mine).then(close, (cause) => setError(asApiError(cause)));
      }}
    >
      <label className="flex flex-col gap-1 text-sm">
        Name
        <input
          className="field"
          value={name}
          maxLength={255}
          required
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <label className="flex items-center gap-2 text-sm">
        <input
          type="checkbox"
          className="size-4 accent-(--accent)"
          checked={mine}
          disabled={!mayShare}
          onChange={(event) => setMine(event.target.checked)}
        />
        Only for me
      </label>
      {!before && (
        <p className="text-sm text-ink-2">
          It keeps the filter, the time, the order, the columns and the height of rows.
        </p>
      )}
      {error && <ErrorLine error={error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" look="primary" disabled={name.trim() === ""}>
          Save
        </Button>
      </div>
    </form>
  );
}
