import { useState } from "react";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Overlay";
import { chordOf, isApple, printed } from "./chord";
import { conflicts, keysOf, remap, resetKeys, useKeymap } from "./keymap";
import { COMMAND_IDS, COMMANDS, type CommandId, type CommandInfo } from "./table";

const GROUPS: CommandInfo["group"][] = ["Everywhere", "Traces", "Reading", "Judging", "Logs"];
const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "Dead"]);

/** Every key there is; a click on a key changes it. */
export function KeySheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const map = useKeymap();
  return (
    <Dialog open={open} onClose={onClose} title="Keys" wide>
      <div className="scroll flex-1 px-4 py-3">
        <p className="mb-3 text-sm text-ink-2">
          Keys keep quiet while you type. Choose a key to change it, then press the new one.
        </p>
        <div className="gap-8 sm:columns-2">
          {GROUPS.map((group) => (
            <section key={group} className="mb-4 break-inside-avoid">
              <h3 className="mb-1 text-xs font-semibold text-ink-2">{group}</h3>
              <ul>
                {COMMAND_IDS.filter((id) => COMMANDS[id].group === group).map((id) => (
                  <KeyRow key={id} id={id} />
                ))}
              </ul>
            </section>
          ))}
        </div>
      </div>
      <div className="flex justify-between border-t px-4 py-2.5">
        <span className="text-xs text-ink-3">Kept in this browser.</span>
        <Button small onClick={resetKeys} disabled={Object.keys(map).length === 0}>
          Reset all keys
        </Button>
      </div>
    </Dialog>
  );
}

function KeyRow({ id }: { id: CommandId }) {
  const map = useKeymap();
  const [listening, setListening] = useState(false);
  const keys = keysOf(id, map);
  const taken = keys.flatMap((key) => conflicts(id, key, map));
  return (
    <li className="flex min-h-8 items-center gap-2 text-sm">
      <span className="flex-1">
        {COMMANDS[id].label}
        {taken[0] && <span className="block text-xs text-warn">Also: {COMMANDS[taken[0]].label}</span>}
      </span>
      {map[id] && (
        <button type="button" className="text-xs text-ink-3 underline" onClick={() => remap(id, undefined)}>
          default
        </button>
      )}
      <button
        type="button"
        className="flex min-w-10 justify-end gap-1 rounded-sm p-0.5"
        onClick={() => setListening(true)}
        onBlur={() => setListening(false)}
        onKeyDown={(event) => {
          if (!listening || MODIFIERS.has(event.key)) return;
          event.preventDefault();
          event.stopPropagation();
          setListening(false);
          if (event.key !== "Tab" && event.key !== "Escape") remap(id, [chordOf(event, isApple())]);
        }}
      >
        <span className="sr-only">Change the key of {COMMANDS[id].label}: </span>
        {listening ? (
          <span className="text-xs text-accent">press a key</span>
        ) : (
          keys.map((key) => (
            <kbd key={key} className="kbd">
              {printed(key, isApple())}
            </kbd>
          ))
        )}
      </button>
    </li>
  );
}
