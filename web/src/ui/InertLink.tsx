import { ExternalLink, TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import { plainly, safeUrl } from "./safeUrl";

/** A link from a trace: it says where it goes, and goes there only after a second click. */
export function InertLink({ address, children }: { address: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const url = safeUrl(address);
  const shown = plainly(url?.href ?? address).slice(0, 300);
  return (
    <>
      <button
        type="button"
        aria-expanded={open}
        title={shown}
        className="inline text-left underline decoration-dotted underline-offset-2"
        onClick={() => setOpen(!open)}
      >
        {children}
      </button>
      {open && (
        <span className="mx-1 inline-flex max-w-full flex-wrap items-center gap-2 rounded-sm bg-well px-2 py-0.5 text-xs">
          {url ? (
            <>
              <span className="font-mono break-all" dir="ltr">
                {shown}
              </span>
              <a
                href={url.href}
                target="_blank"
                rel="noopener noreferrer nofollow"
                className="inline-flex items-center gap-1 font-medium text-accent"
              >
                Open <ExternalLink size={12} aria-hidden />
              </a>
            </>
          ) : (
            <span className="inline-flex items-center gap-1 break-all text-warn">
              <TriangleAlert size={12} aria-hidden /> This address is not opened: {shown}
            </span>
          )}
        </span>
      )}
    </>
  );
}
