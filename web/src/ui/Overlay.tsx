import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, type RefObject, useRef } from "react";
import { cx } from "./cx";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  /** Read out, but not shown. */
  hideTitle?: boolean;
  wide?: boolean;
  /** What has the focus first. */
  focus?: RefObject<HTMLElement | null>;
  children: ReactNode;
}

export function Dialog({ open, onClose, title, hideTitle, wide, focus, children }: DialogProps) {
  const before = useRef<Element>(null);
  const wasOpen = useRef(false);
  // What has the focus has to be known before the dialog takes it.
  if (open && !wasOpen.current) before.current = document.activeElement;
  wasOpen.current = open;
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-(--veil) transition-opacity duration-120 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Popup
          {...(focus ? { initialFocus: focus } : {})}
          finalFocus={() => giveBack(before.current)}
          className={cx(
            "floating fixed top-[12vh] left-1/2 z-50 flex max-h-[76vh] w-[calc(100vw-24px)] -translate-x-1/2 flex-col data-ending-style:-translate-x-1/2 data-starting-style:-translate-x-1/2",
            wide ? "max-w-[720px]" : "max-w-[520px]",
          )}
        >
          <div className={cx("flex items-center justify-between border-b px-4 py-2.5", hideTitle && "sr-only")}>
            <Base.Title className="text-md font-semibold">{title}</Base.Title>
            <Base.Close aria-label="Close" className="rounded-sm p-1 text-ink-2 hover:bg-hover">
              <X size={16} aria-hidden />
            </Base.Close>
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/**
 * Gives the focus back to where it was. A place that keys act on and Tab passes over gets it itself: by default it would
 * go to the first button inside, which acts on the next Enter.
 */
function giveBack(before: Element | null): boolean {
  const isPlace = before instanceof HTMLElement && before.isConnected && before.tabIndex < 0;
  if (!isPlace || before === document.body) return true;
  queueMicrotask(() => before.focus({ preventScroll: true }));
  return false;
}
