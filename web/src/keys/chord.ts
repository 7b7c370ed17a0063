/** Keys as text: `mod+k`, `shift+t`, `?`. `mod` is ⌘ on Apple machines and Ctrl elsewhere. */

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

export const isApple = (): boolean => /Mac|iPhone|iPad/.test(navigator.userAgent);

const isLetter = (key: string) => /^\p{L}$/u.test(key);

/** The chord of a key press. Shift is told only where the key does not already say it: letters and named keys. */
export function chordOf(event: Pressed, apple: boolean): string {
  const key = event.key === " " ? "Space" : isLetter(event.key) ? event.key.toLowerCase() : event.key;
  const mod = apple ? event.metaKey : event.ctrlKey;
  const parts: string[] = [];
  const control = apple && event.ctrlKey;
  if (mod && event.altKey && !apple) parts.push("ctrl", "alt");
  else {
    if (mod) parts.push("mod");
    if (control) parts.push("ctrl");
    if (event.altKey) parts.push("alt");
  }
  if (event.shiftKey && (key.length > 1 || isLetter(key))) parts.push("shift");
  return [...parts, key].join("+");
}

const NAMES: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Enter: "↵",
  Escape: "Esc",
  Backspace: "⌫",
};

/** A chord as it is printed on a key cap. */
export function printed(chord: string, apple: boolean): string {
  const parts = chord === "+" ? ["+"] : chord.split("+");
  const shown = parts.map((part) => {
    if (part === "mod") return apple ? "⌘" : "Ctrl";
    if (part === "ctrl") return apple ? "⌃" : "Ctrl";
    if (part === "shift") return apple ? "⇧" : "Shift";
    if (part === "alt") return apple ? "⌥" : "Alt";
    return NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part);
  });
  return shown.join(apple ? "" : "+");
}
