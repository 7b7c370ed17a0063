import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import type { DatapointMessage } from "../api/datasets";
import { Button, IconButton } from "../ui/Button";
import { TraceImage } from "../ui/Image";
import { type MessageRow, nextId } from "./draft";
import { type OtherPart, othersOf, rolesOf, textsOf, withText } from "./message";
import { TextBox } from "./TextBox";

/** The messages of a datapoint: texts to edit, and everything else as it is. */
export function MessageRows({
  rows,
  edits,
  onChange,
}: {
  rows: MessageRow[];
  edits: boolean;
  onChange: (rows: MessageRow[]) => void;
}) {
  const put = (id: number, message: DatapointMessage) =>
    onChange(rows.map((row) => (row.id === id ? { id, message } : row)));
  const move = (from: number, by: number) => {
    const next = [...rows];
    next.splice(from + by, 0, ...next.splice(from, 1));
    onChange(next);
  };
  const add = () => {
    const role = rows.at(-1)?.message.role === "user" ? "assistant" : "user";
    onChange([...rows, { id: nextId(rows), message: { role, content: "" } }]);
  };
  return (
    <>
      <ol className="flex flex-col gap-4">
        {rows.map(({ id, message }, at) => (
          <li key={id} aria-label={`Message ${at + 1}`} className="border-s-2 border-s-line ps-3">
            <div className="mb-1 flex min-h-7 items-center gap-1">
              <Role message={message} edits={edits} at={at} onChange={(role) => put(id, { ...message, role })} />
              <span className="flex-1" />
              {edits && rows.length > 1 && (
                <>
                  <IconButton
                    name={`Move message ${at + 1} up`}
                    className="size-7 pointer-coarse:size-10"
                    disabled={at === 0}
                    onClick={() => move(at, -1)}
                  >
                    <ArrowUp size={14} aria-hidden />
                  </IconButton>
                  <IconButton
                    name={`Move message ${at + 1} down`}
                    className="size-7 pointer-coarse:size-10"
                    disabled={at === rows.length - 1}
                    onClick={() => move(at, 1)}
                  >
                    <ArrowDown size={14} aria-hidden />
                  </IconButton>
                </>
              )}
              {edits && (
                <IconButton
                  name={`Take out message ${at + 1}`}
                  className="size-7 pointer-coarse:size-10"
                  onClick={() => onChange(rows.filter((row) => row.id !== id))}
                >
                  <Trash2 size={14} aria-hidden />
                </IconButton>
              )}
            </div>
            {textsOf(message).map((text) => (
              <TextBox
                key={text.at}
                name={`Text of message ${at + 1}`}
                value={text.text}
                readOnly={!edits}
                onChange={(value) => put(id, withText(message, text.at, value))}
              />
            ))}
            {othersOf(message).map((part, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the parts stay in their order
              <Other key={index} part={part} />
            ))}
          </li>
        ))}
      </ol>
      {rows.length === 0 && <p className="text-sm text-ink-2">No messages.</p>}
      {edits && (
        <Button small look="quiet" className="-ms-2 mt-2" onClick={add}>
          <Plus size={14} aria-hidden /> Add a message
        </Button>
      )}
    </>
  );
}

function Role({
  message,
  edits,
  at,
  onChange,
}: {
  message: DatapointMessage;
  edits: boolean;
  at: number;
  onChange: (role: string) => void;
}) {
  const roles = rolesOf(message);
  if (!edits || roles.length === 1)
    return <span className="text-xs font-semibold text-ink-2 first-letter:uppercase">{message.role}</span>;
  return (
    <select
      aria-label={`Role of message ${at + 1}`}
      className="-ms-1 h-7 rounded-sm bg-transparent px-0.5 text-xs font-semibold text-ink-2 hover:bg-hover pointer-coarse:h-10"
      value={message.role}
      onChange={(event) => onChange(event.target.value)}
    >
      {roles.map((role) => (
        <option key={role} value={role}>
          {`${role[0]?.toUpperCase()}${role.slice(1)}`}
        </option>
      ))}
    </select>
  );
}

function Other({ part }: { part: OtherPart }) {
  if (part.kind === "image")
    return (
      <div className="mt-2">
        <TraceImage source={part.detail} name="" />
      </div>
    );
  return (
    <p className="mt-2 rounded-[6px] bg-well px-2.5 py-1.5 text-sm">
      <span className={part.kind === "call" ? "font-mono font-medium" : "text-ink-2"}>{part.name}</span>{" "}
      <span className="font-mono text-xs break-words whitespace-pre-wrap text-ink-2">{part.detail}</span>
    </p>
  );
}
