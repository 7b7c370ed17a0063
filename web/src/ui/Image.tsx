import { Image as Icon } from "lucide-react";
import { useState } from "react";
import { Button } from "./Button";
import { useStored } from "./media";
import { plainly, safeUrl } from "./safeUrl";

const SHOWN = /^data:image\/(png|jpe?g|gif|webp|avif|bmp);base64,/i;

/** An image from a trace. What lies in the trace or with us is shown; what lies elsewhere is only named. */
export function TraceImage({ source, name }: { source: string; name: string }) {
  const [broken, setBroken] = useState(false);
  const stored = useStored(source);
  if ((stored || SHOWN.test(source)) && !broken) {
    return (
      <img
        src={stored ?? source}
        alt={name || "Image of the conversation"}
        loading="lazy"
        className="max-h-96 max-w-full rounded-[6px] border bg-sheet object-contain"
        onError={() => setBroken(true)}
      />
    );
  }
  const url = broken ? undefined : safeUrl(source);
  return (
    <span className="inline-flex max-w-full flex-wrap items-center gap-2 rounded-[6px] border bg-well px-3 py-2 text-sm">
      <Icon size={16} aria-hidden className="text-ink-3" />
      <span className="text-ink-2">{broken ? "This image cannot be shown." : name || "Image"}</span>
      {url && (
        <>
          <span className="font-mono text-xs break-all text-ink-3">{plainly(url.href).slice(0, 200)}</span>
          <Button small onClick={() => window.open(url.href, "_blank", "noopener,noreferrer")}>
            Open at {url.host}
          </Button>
        </>
      )}
    </span>
  );
}
