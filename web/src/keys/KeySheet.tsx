import { Button } from "../ui/Button";
import { Dialog } from "../ui/Overlay";
import { KeyList } from "./KeyList";
import { resetKeys, useKeymap } from "./keymap";

/** Every key there is; a click on a key changes it. */
export function KeySheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const map = useKeymap();
  return (
    <Dialog open={open} onClose={onClose} title="Keys" wide>
      <div className="scroll flex-1 px-4 py-3">
        <p className="mb-3 text-sm text-ink-2">
          Keys keep quiet while you type. Choose a key to change it, then press the new one.
        </p>
        <KeyList />
      </div>
      <div className="flex items-center justify-between border-t px-4 py-2.5">
        <span className="text-xs text-ink-3">Kept in this browser.</span>
        <Button small onClick={resetKeys} disabled={Object.keys(map).length === 0}>
          Reset all keys
        </Button>
      </div>
    </Dialog>
  );
}
