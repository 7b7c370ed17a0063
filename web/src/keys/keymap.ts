import { useSyncExternalStore } from "react";
import { isApple, printed } from "./chord";
import { COMMAND_IDS, COMMANDS, type CommandId, overlap } from "./table";

/** Which keys run which command: the table, changed by what the person chose. */
export type Keymap = Partial<Record<CommandId, string[]>>;

const STORED = "postil.keys";
const listeners = new Set<() => void>();

function known(parsed: unknown): Keymap {
  if (typeof parsed !== "object" || parsed === null) return {};
  const good = Object.entries(parsed).filter(
    ([id, keys]) => id in COMMANDS && Array.isArray(keys) && keys.every((key) => typeof key === "string"),
  );
  return Object.fromEntries(good);
}

function read(): Keymap {
  try {
    return known(JSON.parse(localStorage.getItem(STORED) ?? "{}"));
  } catch {
    return {};
  }
}

let chosen: Keymap = read();
let keeper: ((map: Keymap) => void) | undefined;

function hold(map: Keymap): void {
  chosen = map;
  // A copy in the browser, so that the keys are right before the server has answered.
  if (Object.keys(map).length === 0) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, JSON.stringify(map));
  for (const listener of listeners) listener();
}

function keep(map: Keymap): void {
  hold(map);
  keeper?.(map);
}

/** What the server keeps of somebody's keys counts in every browser; what was chosen before it kept any is handed to it. */
export function followStored(stored: unknown, save: (map: Keymap) => void): void {
  keeper = save;
  if (stored === undefined) {
    if (Object.keys(chosen).length > 0) save(chosen);
  } else if (JSON.stringify(known(stored)) !== JSON.stringify(chosen)) hold(known(stored));
}

/** Chords that browsers and systems keep for themselves, so that no page hears them. */
const RESERVED = new Set(
  ["n", "t", "w", "q", "shift+n", "shift+t", "shift+w", "Tab", "shift+Tab"].flatMap((key) => [
    `mod+${key}`,
    `ctrl+${key}`,
  ]),
);

/** Why a command cannot have a key; nothing when it can. */
function refusal(id: CommandId, chord: string, map: Keymap): string | undefined {
  const name = printed(chord, isApple());
  if (RESERVED.has(chord)) return `${name} belongs to the browser. Choose another key.`;
  const [taken] = conflicts(id, chord, map);
  return taken && `${name} already does “${COMMANDS[taken].label}”. Give that another key first.`;
}

/** Gives a command one key in place of those it has. A key that is taken is refused; the answer says why. */
export function assign(id: CommandId, chord: string): string | undefined {
  return remap(id, [chord]);
}

/** Gives a command these keys, or those it had at first. Keys that are taken are refused; the answer says why. */
export function remap(id: CommandId, keys: string[] | undefined): string | undefined {
  const { [id]: _, ...rest } = chosen;
  const wanted = keys ?? COMMANDS[id].keys;
  const refused = wanted.map((chord) => refusal(id, chord, rest)).find((text) => text !== undefined);
  if (refused) return refused;
  const same = wanted.length === COMMANDS[id].keys.length && wanted.every((key, at) => key === COMMANDS[id].keys[at]);
  keep(same ? rest : { ...rest, [id]: [...wanted] });
  return undefined;
}

/** Whether a command has other keys than at first. */
export const changes = (map: Keymap, id: CommandId): boolean => map[id] !== undefined;

export function resetKeys(): void {
  keep({});
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
