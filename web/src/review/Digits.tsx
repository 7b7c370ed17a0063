import type { CommandId } from "../keys/table";
import { useCommand } from "../keys/useCommand";

const DIGITS = Array.from({ length: 10 }, (_, index) => `option-${index + 1}` as CommandId);

/** The keys 1 to 0, for as many options as there are. */
export function Digits({ count, pick }: { count: number; pick: (index: number) => void }) {
  return DIGITS.slice(0, count).map((id, index) => <Digit key={id} id={id} run={() => pick(index)} />);
}

function Digit({ id, run }: { id: CommandId; run: () => void }) {
  useCommand(id, run);
  return null;
}
