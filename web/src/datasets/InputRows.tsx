import { Plus, Trash2 } from "lucide-react";
import { Button, IconButton } from "../ui/Button";
import { type InputRow, nextId } from "./draft";

/** The variables of a datapoint, by name. */
export function InputRows({
  rows,
  edits,
  onChange,
}: {
  rows: InputRow[];
  edits: boolean;
  onChange: (rows: InputRow[]) => void;
}) {
  const put = (id: number, changed: Partial<InputRow>) =>
    onChange(rows.map((row) => (row.id === id ? { ...row, ...changed } : row)));
  return (
    <>
      {rows.length > 0 && (
        <ul className="flex flex-col gap-2">
          {rows.map(({ id, name, text }, at) => (
            <li key={id} className="grid grid-cols-[minmax(0,1fr)_minmax(0,2fr)_auto] items-start gap-2">
              <input
                aria-label={`Name of input ${at + 1}`}
                placeholder="name"
                className="field font-mono text-sm"
                readOnly={!edits}
                value={name}
                onChange={(event) => put(id, { name: event.target.value })}
              />
              <textarea
                aria-label={name ? `Value of ${name}` : `Value of input ${at + 1}`}
                placeholder="value"
                dir="auto"
                rows={Math.min(8, text.split("\n").length + Math.floor(text.length / 60))}
                className="field block"
                readOnly={!edits}
                value={text}
                onChange={(event) => put(id, { text: event.target.value })}
              />
              {edits && (
                <IconButton
                  name={`Take out ${name || `input ${at + 1}`}`}
                  onClick={() => onChange(rows.filter((row) => row.id !== id))}
                >
                  <Trash2 size={14} aria-hidden />
                </IconButton>
              )}
            </li>
          ))}
        </ul>
      )}
      {rows.length === 0 && <p className="text-sm text-ink-2">No inputs: variables that a prompt is filled with.</p>}
      {edits && (
        <Button
          small
          look="quiet"
          className="-ms-2 mt-2"
          onClick={() => onChange([...rows, { id: nextId(rows), name: "", text: "" }])}
        >
          <Plus size={14} aria-hidden /> Add an input
        </Button>
      )}
    </>
  );
}
