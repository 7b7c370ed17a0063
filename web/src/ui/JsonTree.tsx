import { ChevronRight, Route } from "lucide-react";
import { useState } from "react";
import { Button } from "./Button";
import { CopyButton } from "./Copy";
import { cx } from "./cx";
import { count } from "./format";

const PAGE = 100;
const LONG = 400;

const step = (path: string, key: string | number): string =>
  typeof key === "number"
    ? `${path}[${key}]`
    : /^[A-Za-z_]\w*$/.test(key)
      ? path
        ? `${path}.${key}`
        : key
      : `${path}[${JSON.stringify(key)}]`;

const isFolded = (value: unknown): value is object => typeof value === "object" && value !== null;

/** JSON as a tree: fold and unfold, copy a value or the path to it. */
export function JsonTree({ value, open = 2 }: { value: unknown; open?: number }) {
  return (
    <div className="scroll font-mono text-sm leading-6" dir="ltr">
      {isFolded(value) ? <Entries value={value} path="" open={open} /> : <Scalar value={value} />}
    </div>
  );
}

function Entries({ value, path, open }: { value: object; path: string; open: number }) {
  const [shown, setShown] = useState(PAGE);
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((one, index) => [index, one])
    : Object.entries(value);
  return (
    <ul>
      {entries.slice(0, shown).map(([key, one]) => (
        <Entry key={key} name={key} value={one} path={step(path, key)} open={open} />
      ))}
      {entries.length === 0 && <li className="text-ink-3">{Array.isArray(value) ? "empty list" : "empty"}</li>}
      {shown < entries.length && (
        <li>
          <Button small onClick={() => setShown(shown + PAGE * 10)}>
            Show more of {count(entries.length)}
          </Button>
        </li>
      )}
    </ul>
  );
}

function Entry({ name, value, path, open }: { name: string | number; value: unknown; path: string; open: number }) {
  const [unfolded, setUnfolded] = useState(open > 0);
  const folds = isFolded(value);
  const size = folds ? (Array.isArray(value) ? value.length : Object.keys(value).length) : 0;
  return (
    <li>
      <div className="group relative flex items-start gap-1 rounded-sm pr-14 hover:bg-well">
        {folds ? (
          <button
            type="button"
            aria-expanded={unfolded}
            className="flex min-w-0 items-center gap-1 text-left"
            onClick={() => setUnfolded(!unfolded)}
          >
            <ChevronRight size={14} aria-hidden className={cx("text-ink-3", unfolded && "rotate-90")} />
            <span className="break-all text-ink-2">{name}</span>
            <span className="text-xs text-ink-3">{Array.isArray(value) ? `[${size}]` : `{${size}}`}</span>
          </button>
        ) : (
          <span className="flex min-w-0 flex-wrap gap-x-2 pl-[18px]">
            <span className="break-all text-ink-2">{name}</span>
            <Scalar value={value} />
          </span>
        )}
        <span className="absolute top-0 right-0 flex h-6 items-center opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
          <CopyButton
            text={typeof value === "string" ? value : JSON.stringify(value, null, 2)}
            name={`Copy value of ${name}`}
          />
          <CopyButton text={path} name={`Copy path ${path}`} icon={Route} />
        </span>
      </div>
      {folds && unfolded && (
        <div className="ml-[6px] border-l pl-3">
          <Entries value={value} path={path} open={open - 1} />
        </div>
      )}
    </li>
  );
}

function Scalar({ value }: { value: unknown }) {
  const [all, setAll] = useState(false);
  if (typeof value !== "string") return <span className="text-warn">{JSON.stringify(value)}</span>;
  const shown = all || value.length <= LONG ? value : value.slice(0, LONG);
  return (
    <span className="min-w-0 break-words whitespace-pre-wrap text-ink">
      {shown}
      {shown.length < value.length && (
        <button type="button" className="ml-1 text-accent underline" onClick={() => setAll(true)}>
          all {count(value.length)} characters
        </button>
      )}
    </span>
  );
}
