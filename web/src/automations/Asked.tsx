import { oneLine } from "../ui/format";

/** How what was asked begins, behind the name of a trace: many traces have one name. */
export function Asked({ text }: { text: string }) {
  return (
    <span className="font-normal text-ink-2">
      {" · "}
      <bdi>{oneLine(text)}</bdi>
    </span>
  );
}
