import { Select } from "../ui/Field";
import { targetsOf } from "./targets";

/** Which part of a datapoint each column of a file becomes. */
export function ImportColumns({
  columns,
  busy,
  change,
}: {
  columns: { name: string; target: string }[];
  busy: boolean;
  change: (name: string, target: string) => void;
}) {
  return (
    <section aria-label="Columns">
      <h3 className="mb-1 text-sm font-semibold">Columns</h3>
      <ul className="border-t">
        {columns.map(({ name, target }, at) => (
          <li key={name} className="grid items-center gap-x-3 gap-y-1 border-b py-1.5 sm:grid-cols-2">
            <label htmlFor={`import-column-${at}`} className="truncate font-mono text-xs" title={name}>
              {name}
            </label>
            <Select
              id={`import-column-${at}`}
              disabled={busy}
              value={target}
              onChange={(event) => change(name, event.target.value)}
              options={targetsOf(name, target)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
