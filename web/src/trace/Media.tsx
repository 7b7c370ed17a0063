import { Download, FileQuestionMark, FileText } from "lucide-react";
import { useState } from "react";
import type { Media } from "../api/types";
import { count } from "../ui/format";
import { TraceImage } from "../ui/Image";
import { useStored } from "../ui/media";

const about = (media: Media) => `${media.kind}${media.mime ? ` (${media.mime})` : ""}`;

function Missing({ name, why }: { name: string; why: string }) {
  return (
    <span className="inline-flex items-center gap-2 rounded-[6px] border bg-well px-3 py-2 text-sm text-ink-2">
      <FileQuestionMark size={16} aria-hidden /> {name}: {why}
    </span>
  );
}

/** A recording or a film. What it says is not known: there are no captions to show. */
function Player({ media, address }: { media: Media; address: string }) {
  const [broken, setBroken] = useState(false);
  if (broken) return <Missing name={about(media)} why="this browser cannot play it" />;
  const label = media.kind === "audio" ? "Recording of the conversation" : "Film of the conversation";
  const given = { src: address, controls: true, preload: "metadata" as const, "aria-label": label };
  return media.kind === "audio" ? (
    <audio {...given} className="w-96 max-w-full" onError={() => setBroken(true)} />
  ) : (
    <video {...given} className="max-h-96 max-w-full rounded-[6px] border" onError={() => setBroken(true)} />
  );
}

function Stored({ media, address }: { media: Media; address: string }) {
  const type = media.content_type ?? "";
  if (type.startsWith("image/")) return <TraceImage source={media.url ?? ""} name="Image of the conversation" />;
  if (type.startsWith("audio/") || type.startsWith("video/")) return <Player media={media} address={address} />;
  const size = media.size === undefined ? "" : `, ${count(media.size)} bytes`;
  return (
    <a
      href={address}
      download
      className="inline-flex items-center gap-2 rounded-[6px] border bg-well px-3 py-2 text-sm text-ink-2 hover:text-ink"
    >
      <FileText size={16} aria-hidden /> {about(media)}
      {size} <Download size={14} aria-hidden />
      <span className="sr-only">Save the file</span>
    </a>
  );
}

/** An image, a recording or a file of a message. */
export function MediaView({ media }: { media: Media }) {
  const address = useStored(media.source === "stored" ? (media.url ?? "") : "");
  if (address) return <Stored media={media} address={address} />;
  if (media.kind === "image" && media.source === "inline") {
    const data = media.data ?? "";
    const source = data.startsWith("data:") ? data : `data:${media.mime ?? "image/png"};base64,${data}`;
    return <TraceImage source={source} name="Image of the conversation" />;
  }
  if (media.url) return <TraceImage source={media.url} name={about(media)} />;
  const why =
    media.source === "redacted"
      ? "hidden by the client"
      : media.source === "ref"
        ? `kept elsewhere as ${media.id}`
        : "not shown here";
  return <Missing name={about(media)} why={why} />;
}
