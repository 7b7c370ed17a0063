import { useKeyName } from "./keymap";
import type { CommandId } from "./table";

/** The key of a command, printed on a cap. Hidden where there is no keyboard. */
export function Key({ id }: { id: CommandId }) {
  const name = useKeyName(id);
  return name ? (
    <kbd className="kbd pointer-coarse:hidden" aria-hidden>
      {name}
    </kbd>
  ) : null;
}
