import { ListFilter } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { Dialog } from "../ui/Overlay";

/** The filter on a phone: a line that says what it is, and a sheet to change it. */
export function FilterSheet({ text, found, children }: { text: string; found: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        aria-label={text ? `Filter: ${text}` : undefined}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
        className={cx("h-10 min-w-0 flex-1 shrink justify-start", !text && "text-ink-2")}
      >
        <ListFilter size={16} aria-hidden className={cx(text && "text-accent")} />
        <span className="truncate">{text || "Filter, or words to find"}</span>
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title="Filter">
        {/* As high as its suggestions need, so that nothing moves when they come and go. */}
        <div className="flex h-[64vh] flex-col gap-4 p-4">
          {children}
          <span className="flex-1" />
          <Button look="primary" className="h-11" onClick={() => setOpen(false)}>
            Show {found}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
