import { useId, useState } from "react";
import { chordOf, isApple, printed } from "./chord";
import { assign, changes, keysOf, remap, useKeymap } from "./keymap";
import { COMMAND_IDS, COMMANDS, type CommandId, type CommandInfo, isOfOnePage } from "./table";
import { useBoundCommands } from "./useCommand";

type Group = CommandInfo["group"];

const GROUPS = [...new Set(COMMAND_IDS.map((id): Group => COMMANDS[id].group))];
const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "Dead", "CapsLock", "Fn"]);

/** The groups with what can be done on this page before all others; what belongs to this kind of page comes first. */
export function inOrder(bound: readonly CommandId[]): Group[] {
  const here = new Set(bound.map((id): Group => COMMANDS[id].group));
  const rank = (group: Group) => (!here.has(group) ? 2 : isOfOnePage(group) ? 0 : 1);
  return [...GROUPS].sort((one, other) => rank(one) - rank(other));
}

/** Every command with its keys; a click on a key changes it. A key that is taken is refused. */
export function KeyList() {
  const groups = inOrder(useBoundCommands());
  return (
    <div className="gap-8 sm:columns-2">
      {groups.map((group) => (
        <section key={group} aria-label={group} className="mb-4 break-inside-avoid">
          <h3 className="mb-1 text-xs font-semibold text-ink-2">{group}</h3>
          <ul>
            {COMMAND_IDS.filter((id) => COMMANDS[id].group === group).map((id) => (
              <KeyRow key={id} id={id} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function KeyRow({ id }: { id: CommandId }) {
  const map = useKeymap();
  const [listening, setListening] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const refusalId = useId();
  const keys = keysOf(id, map);
  return (
    <li className="border-b border-transparent text-sm">
      <div className="flex min-h-8 items-center gap-2">
        <span className="min-w-0 flex-1">{COMMANDS[id].label}</span>
        {changes(map, id) && (
          <button
            type="button"
            className="text-xs text-ink-2 underline hover:text-ink"
            aria-label={`Default key for ${COMMANDS[id].label}`}
            onClick={() => setRefusal(remap(id, undefined))}
          >
            default
          </button>
        )}
        <button
          type="button"
          className="flex min-h-6 min-w-10 justify-end gap-1 rounded-sm p-0.5 hover:bg-hover"
          aria-describedby={refusal && refusalId}
          onClick={() => {
            setRefusal(undefined);
            setListening(true);
          }}
          onBlur={() => setListening(false)}
          onKeyDown={(event) => {
            if (!listening || MODIFIERS.has(event.key)) return;
            event.preventDefault();
            event.stopPropagation();
            setListening(false);
            if (event.key !== "Tab" && event.key !== "Escape") setRefusal(assign(id, chordOf(event, isApple())));
          }}
        >
          <span className="sr-only">Change the key of {COMMANDS[id].label}: </span>
          {listening ? (
            <span role="status" className="text-xs font-medium text-accent">
              press a key
            </span>
          ) : (
            keys.map((key) => (
              <kbd key={key} className="kbd kbd-told">
                {printed(key, isApple())}
              </kbd>
            ))
          )}
        </button>
      </div>
      {refusal && (
        <p role="alert" id={refusalId} className="mb-1 rounded-sm bg-warn-soft px-2 py-1 text-xs text-warn">
          {refusal}
        </p>
      )}
    </li>
  );
}
