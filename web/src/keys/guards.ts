/** When a key must keep quiet, because somebody else owns it. */

const TYPED = new Set([
  "text",
  "search",
  "email",
  "password",
  "number",
  "url",
  "tel",
  "date",
  "time",
  "datetime-local",
]);

/** Whether what has the focus takes letters. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target instanceof HTMLInputElement && TYPED.has(target.type);
}

const ARROWS = /Arrow(Up|Down|Left|Right)|Home|End|PageUp|PageDown/;

/** Whether the focused thing itself acts on this key: a button on Enter, a slider or a tree on arrows. */
export function isOwned(chord: string, target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("[role=listbox],[role=menu],[role=option]")) return true;
  // Letters, arrows and Enter choose from it; what saves a form does so from here, too.
  if (target.closest("[role=combobox]")) return !chord.startsWith("mod+");
  // Where Enter submits, an option that was clicked or tabbed to is chosen and left out with Space.
  if (chord === "Enter" && target.matches("[data-enter=submits] [data-option]")) return false;
  if (chord === "Enter" || chord === "Space") return target.closest("button,a[href],summary,[role=tab],input") !== null;
  if (ARROWS.test(chord)) {
    const range = target instanceof HTMLInputElement && (target.type === "range" || target.type === "radio");
    return range || target.closest("[role=tree],[role=tablist],[role=radiogroup]") !== null;
  }
  return false;
}

/** Whether no command may act on this event at all. */
export function isSilent(event: KeyboardEvent): boolean {
  // While a word is being composed, keys belong to the input method; AltGr makes characters.
  return event.defaultPrevented || event.isComposing || event.keyCode === 229 || event.getModifierState("AltGraph");
}

export const dialogIsOpen = (): boolean => document.querySelector('[role="dialog"],[role="alertdialog"]') !== null;
