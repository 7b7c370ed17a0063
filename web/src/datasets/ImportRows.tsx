import type { ImportPreview } from "../api/datasets";
import { count, oneLine } from "../ui/format";
import { questionOf } from "./message";

/** What the first rows of a file become, and every row that cannot be imported. */
export function ImportRows({ preview }: { preview: ImportPreview }) {
  const { datapoints, errors, bad_rows, rows } = preview;
  return (
    <>
      {bad_rows > 0 && (
        <section aria-label="What is wrong">
          <h3 role="alert" className="mb-1 text-sm font-semibold text-bad">
            {count(bad_rows)} of {count(rows)} {rows === 1 ? "row" : "rows"} cannot be imported
          </h3>
          <ul className="scroll max-h-40 border-t text-sm">
            {errors.map(({ row, line, column, message }) => (
              <li key={row} className="flex gap-3 border-b py-1">
                <span className="num shrink-0 text-ink-2">Line {count(line)}</span>
                <span className="min-w-0 break-words">
                  {column && <span className="font-mono text-xs">{column}: </span>}
                  {message}
                </span>
              </li>
            ))}
          </ul>
          {bad_rows > errors.length && (
            <p className="mt-1 text-xs text-ink-2">And {count(bad_rows - errors.length)} more.</p>
          )}
        </section>
      )}
      {datapoints.length > 0 && (
        <section aria-label="What it becomes">
          <h3 className="mb-1 text-sm font-semibold">
            What it becomes <span className="font-normal text-ink-3">the first {count(datapoints.length)}</span>
          </h3>
          <ol className="border-t text-sm">
            {datapoints.map((datapoint, at) => {
              const inputs = Object.entries(datapoint.inputs ?? {})
                .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
                .join(", ");
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: the rows of a file stay in their order
                <li key={at} className="grid gap-x-3 border-b py-1.5 sm:grid-cols-2">
                  <span className="min-w-0">
                    <span className="block truncate" dir="auto">
                      {oneLine(questionOf(datapoint)) || <span className="text-ink-3">no question</span>}
                    </span>
                    {inputs && (
                      <span className="block truncate text-xs text-ink-3" dir="auto">
                        {inputs}
                      </span>
                    )}
                  </span>
                  <span className="truncate text-ink-2" dir="auto">
                    {oneLine(datapoint.expected_output) || <span className="text-ink-3">no expected output</span>}
                  </span>
                </li>
              );
            })}
          </ol>
        </section>
      )}
    </>
  );
}
