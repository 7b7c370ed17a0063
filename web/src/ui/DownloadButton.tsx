import { Download } from "lucide-react";
import { Button } from "./Button";
import { fileSize } from "./format";

/** Sends the form that asks for a file, and says how much of it is there. */
export function DownloadButton({
  busy,
  bytes,
  disabled = false,
}: {
  busy: boolean;
  bytes: number;
  disabled?: boolean;
}) {
  return (
    <Button look="primary" type="submit" disabled={busy || disabled}>
      <Download size={14} aria-hidden />
      <span className="num">{busy ? `Downloading… ${bytes > 0 ? fileSize(bytes) : ""}` : "Download"}</span>
    </Button>
  );
}
