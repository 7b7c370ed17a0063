import type { Piece } from "./diff";

const LOOKS: Record<Piece["kind"], string> = {
  same: "",
  removed: "rounded-sm bg-bad-soft text-bad line-through decoration-1",
  added: "rounded-sm bg-good-soft text-good underline decoration-1 underline-offset-2",
};

/** A text with what was taken out or put in marked; without `drop`, both. */
export function DiffText({ pieces, drop }: { pieces: Piece[]; drop?: "added" | "removed" | undefined }) {
  const shown = pieces.filter(({ kind }) => kind !== drop);
  return (
    <p className="max-w-[72ch] text-read break-words whitespace-pre-wrap" dir="auto">
      {shown.map(({ kind, text }, index) => {
        const Element = kind === "removed" ? "del" : kind === "added" ? "ins" : "span";
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces stay in their order
          <Element key={index} className={LOOKS[kind]}>
            {text}
          </Element>
        );
      })}
    </p>
  );
}
