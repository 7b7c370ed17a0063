import { useLayoutEffect, useRef, useSyncExternalStore } from "react";
import { chordOf, isApple } from "./chord";
import { dialogIsOpen, isOwned, isSilent, isTyping } from "./guards";
import { keysOf } from "./keymap";
import { COMMAND_IDS, type CommandId } from "./table";

/** What a command does on the page that is shown. The last one bound wins. */
interface Binding {
  id: CommandId;
  run: () => void;
  /** Acts while somebody types: only for chords with a modifier. */
  whileTyping: boolean;
  /** A key that is held down acts once. */
  once: boolean;
}

let bindings: Binding[] = [];
const listeners = new Set<() => void>();

function changed(to: Binding[]): void {
  bindings = to;
  for (const listener of listeners) listener();
}

/** Binds a command while the component is shown and `when` holds. */
export function useCommand(
  id: CommandId,
  run: () => void,
  options: { when?: boolean; whileTyping?: boolean; once?: boolean } = {},
) {
  const { when = true, whileTyping = false, once = false } = options;
  const latest = useRef(run);
  latest.current = run;
  // Before the page is painted: a key that is shown must act.
  useLayoutEffect(() => {
    if (!when) return;
    const binding: Binding = { id, run: () => latest.current(), whileTyping, once };
    changed([...bindings, binding]);
    return () => changed(bindings.filter((other) => other !== binding));
  }, [id, when, whileTyping, once]);
}

const bound = (id: CommandId) => bindings.findLast((binding) => binding.id === id);

export function runCommand(id: CommandId): void {
  bound(id)?.run();
}

/** The commands that can run now, in the order of the table. */
export function useBoundCommands(): CommandId[] {
  const all = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => bindings,
  );
  return COMMAND_IDS.filter((id) => all.some((binding) => binding.id === id));
}

/** The command that a key press runs now, if any. */
export function commandFor(event: KeyboardEvent): CommandId | undefined {
  if (isSilent(event)) return undefined;
  const chord = chordOf(event, isApple());
  const typing = isTyping(event.target);
  if (dialogIsOpen() || isOwned(chord, event.target)) return undefined;
  return COMMAND_IDS.find((id) => {
    const binding = bound(id);
    if (!binding || !keysOf(id).includes(chord)) return false;
    return !typing || (binding.whileTyping && /^(mod|ctrl)\+/.test(chord));
  });
}

/** The one listener of the app. */
export function startKeys(): () => void {
  const handle = (event: KeyboardEvent) => {
    const id = commandFor(event);
    if (!id) return;
    event.preventDefault();
    if (event.repeat && bound(id)?.once) return;
    runCommand(id);
  };
  window.addEventListener("keydown", handle);
  return () => window.removeEventListener("keydown", handle);
}
