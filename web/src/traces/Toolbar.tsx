import { ArrowUpDown, Clock, Columns3, Rows3, Rows4 } from "lucide-react";
import { useKeyName } from "../keys/keymap";
import { Button, IconButton } from "../ui/Button";
import { cx } from "../ui/cx";
import { Menu } from "../ui/Menu";
import { COLUMNS, USUAL } from "./columns";
import { DEFAULT_RANGE, RANGES, SORTS, type TraceSearchParams } from "./search";

const day = (iso: string) =>
  new Date(iso).toLocaleString("en", {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  });

/** The time, the order and the height of the rows. */
export function Toolbar({
  search,
  change,
  dense,
  onDensity,
  columns,
  onColumns,
  brief,
  full,
}: {
  search: TraceSearchParams;
  change: (next: Partial<Record<keyof TraceSearchParams, string | undefined>>) => void;
  dense: boolean;
  onDensity: () => void;
  /** The columns that are shown. */
  columns: readonly string[];
  onColumns: (ids: readonly string[]) => void;
  /** Beside a trace: only the time. */
  brief: boolean;
  /** Says everything in words, also where there is little room. */
  full: boolean;
}) {
  const densityKey = useKeyName("density");
  const fixed = search.from && search.to;
  const range = RANGES.find(({ id }) => id === (search.range ?? DEFAULT_RANGE));
  const sort = SORTS.find(({ id }) => id === (search.sort ?? "started_at")) ?? SORTS[0];
  return (
    <>
      <Menu
        trigger={
          <Button look="plain" aria-label={`Time: ${fixed ? "chosen" : range?.label}`}>
            <Clock size={16} aria-hidden />
            <span className={cx("num", !full && "max-sm:hidden", brief && "hidden")}>
              {fixed ? `${day(search.from ?? "")} – ${day(search.to ?? "")}` : range?.label}
            </span>
          </Button>
        }
        entries={RANGES.map(({ id, label }) => ({
          id,
          label,
          chosen: !fixed && id === range?.id,
          run: () => change({ range: id === DEFAULT_RANGE ? undefined : id, from: undefined, to: undefined }),
        }))}
      />
      {!brief && (
        <>
          <Menu
            trigger={
              <Button look="plain" aria-label={`Order: ${sort.label}`}>
                <ArrowUpDown size={16} aria-hidden />
                <span className={cx(!full && "max-sm:hidden")}>{sort.label}</span>
              </Button>
            }
            entries={SORTS.map(({ id, label }) => ({
              id,
              label,
              chosen: id === sort.id,
              run: () => change({ sort: id === "started_at" ? undefined : id }),
            }))}
          />
          <Menu
            trigger={
              <Button look="plain" aria-label="Columns" className="max-md:hidden">
                <Columns3 size={16} aria-hidden />
              </Button>
            }
            entries={[
              ...COLUMNS.map(({ id, label }) => ({
                id,
                label,
                chosen: columns.includes(id),
                stays: true,
                run: () => onColumns(columns.includes(id) ? columns.filter((one) => one !== id) : [...columns, id]),
              })),
              { id: "usual", label: "The usual columns", run: () => onColumns(USUAL) },
            ]}
          />
          <IconButton
            name={dense ? "Taller rows" : "Denser rows"}
            shortcut={densityKey}
            onClick={onDensity}
            className="size-8 max-md:hidden"
          >
            {dense ? <Rows3 size={16} aria-hidden /> : <Rows4 size={16} aria-hidden />}
          </IconButton>
        </>
      )}
    </>
  );
}
