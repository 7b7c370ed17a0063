/** Text that was typed and is not saved yet, kept in the browser so that nothing typed is ever lost. */
const name = (place: string) => `postil.draft ${place}`;

export const readDraft = (place: string): string | undefined => localStorage.getItem(name(place)) ?? undefined;

export function keepDraft(place: string, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(name(place));
    else localStorage.setItem(name(place), text);
  } catch {
    // A full store must not stop the typing.
  }
}
