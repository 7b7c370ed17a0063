/** Scrolls something into view whole; what is too tall for that from its beginning. */
export function reveal(element: Element | null | undefined): void {
  const room = element?.closest(".scroll")?.clientHeight ?? window.innerHeight;
  const fits = (element?.clientHeight ?? 0) <= room;
  element?.scrollIntoView({ block: fits ? "nearest" : "start" });
}
