import { useSyncExternalStore } from "react";
import { isApple, printed } from "./chord";
import { COMMAND_IDS, COMMANDS, type CommandId, overlap } from "./table";

/** Which keys run which command: the table, changed by what the person chose. */
export type Keymap = Partial<Record<CommandId, string[]>>;

const STORED = "postil.keys";
const listeners = new Set<() => void>();

function read(): Keymap {
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(STORED) ?? "{}");
    if (typeof parsed !== "object" || parsed === null) return {};
    const known = Object.entries(parsed).filter(
      ([id, keys]) => id in COMMANDS && Array.isArray(keys) && keys.every((key) => typeof key === "string"),
    );
    return Object.fromEntries(known);
  } catch {
    return {};
  }
}

let chosen: Keymap = read();

export function remap(id: CommandId, keys: string[] | undefined): void {
  const { [id]: _, ...rest } = chosen;
  chosen = keys ? { ...rest, [id]: keys } : rest;
  localStorage.setItem(STORED, JSON.stringify(chosen));
  for (const listener of listeners) listener();
}

export function resetKeys(): void {
  chosen = {};
  localStorage.removeItem(STORED);
  for (const listener of listeners) listener();
}

export const keysOf = (id: CommandId, map: Keymap = chosen): readonly string[] => map[id] ?? COMMANDS[id].keys;

/** The other commands that a key would also run. */
export function conflicts(id: CommandId, chord: string, map: Keymap = chosen): CommandId[] {
  return COMMAND_IDS.filter(
    (other) => other !== id && overlap(COMMANDS[id], COMMANDS[other]) && keysOf(other, map).includes(chord),
  );
}

export function useKeymap(): Keymap {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => chosen,
  );
}

/** The first key of a command, as printed on its cap; nothing if it has none. */
export function useKeyName(id: CommandId): string | undefined {
  const first = keysOf(id, useKeymap())[0];
  return first === undefined ? undefined : printed(first, isApple());
}
