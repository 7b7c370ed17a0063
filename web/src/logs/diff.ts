/** What changed between two texts, word by word. */
export type Piece = { kind: "same" | "removed" | "added"; text: string };

/** Words and the white space between them; scripts without spaces are cut into characters. */
function pieces(text: string): string[] {
  return (
    text.match(
      /\s+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}\p{M}'’_]+|[^\s]/gu,
    ) ?? []
  );
}

/** Above this many comparisons the texts are shown whole. */
const MOST = 4_000_000;

export function diff(before: string, after: string): Piece[] {
  const a = pieces(before);
  const b = pieces(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const middleA = a.slice(start, a.length - end);
  const middleB = b.slice(start, b.length - end);
  const found: Piece[] = [];
  const add = (kind: Piece["kind"], text: string) => {
    const last = found.at(-1);
    if (text === "") return;
    if (last?.kind === kind) last.text += text;
    else found.push({ kind, text });
  };
  add("same", a.slice(0, start).join(""));
  if (middleA.length * middleB.length > MOST) {
    add("removed", middleA.join(""));
    add("added", middleB.join(""));
  } else walk(middleA, middleB, add);
  add("same", a.slice(a.length - end).join(""));
  return readable(found, before, after);
}

/** Texts that share little are told apart whole; spaces between changed words change with them. */
function readable(found: Piece[], before: string, after: string): Piece[] {
  const words = (text: string) => text.replace(/[\s\p{P}]/gu, "").length;
  const shared = found.reduce((sum, piece) => sum + (piece.kind === "same" ? words(piece.text) : 0), 0);
  if (before !== "" && after !== "" && shared < 0.3 * Math.min(words(before), words(after))) {
    return [
      { kind: "removed", text: before },
      { kind: "added", text: after },
    ];
  }
  const made: Piece[] = [];
  let removed = "";
  let added = "";
  const flush = () => {
    if (removed) made.push({ kind: "removed", text: removed });
    if (added) made.push({ kind: "added", text: added });
    removed = "";
    added = "";
  };
  for (const [at, { kind, text }] of found.entries()) {
    const between = kind === "same" && /^[^\S\n]+$/.test(text) && at > 0 && at < found.length - 1;
    if (kind === "removed" || between) removed += text;
    if (kind === "added" || between) added += text;
    if (kind === "same" && !between) {
      flush();
      made.push({ kind, text });
    }
  }
  flush();
  return made;
}

/** The longest common row of words, by the usual table. */
function walk(a: string[], b: string[], add: (kind: Piece["kind"], text: string) => void): void {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => table[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add("same", a[i] ?? "");
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) add("removed", a[i++] ?? "");
    else add("added", b[j++] ?? "");
  }
}
