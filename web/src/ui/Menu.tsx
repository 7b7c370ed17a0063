import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ReactElement, ReactNode } from "react";

export interface MenuEntry {
  id: string;
  label: ReactNode;
  note?: string;
  chosen?: boolean;
  /** One of several that may be chosen: the list stays open. */
  stays?: boolean;
  run: () => void;
}

const ITEM =
  "mx-1 flex min-h-8 cursor-pointer items-center gap-2 rounded-sm px-2 text-sm outline-none data-highlighted:bg-hover";

/** A button that opens a list of things to do or to choose. */
export function Menu({
  trigger,
  entries,
  align = "start",
  heading,
}: {
  trigger: ReactElement;
  entries: MenuEntry[];
  align?: "start" | "end";
  heading?: ReactNode;
}) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align={align} className="z-50">
          <Base.Popup className="floating min-w-44 py-1">
            {heading}
            {entries.map((entry) => {
              const face = (
                <>
                  <span className="w-4">{entry.chosen && <Check size={14} aria-hidden />}</span>
                  <span className="flex-1">{entry.label}</span>
                  {entry.note && <span className="text-xs text-ink-3">{entry.note}</span>}
                </>
              );
              return entry.stays ? (
                <Base.CheckboxItem
                  key={entry.id}
                  checked={entry.chosen ?? false}
                  onCheckedChange={entry.run}
                  closeOnClick={false}
                  className={ITEM}
                >
                  {face}
                </Base.CheckboxItem>
              ) : (
                <Base.Item key={entry.id} onClick={entry.run} className={ITEM}>
                  {face}
                </Base.Item>
              );
            })}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
