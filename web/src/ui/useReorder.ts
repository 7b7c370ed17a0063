import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";

/**
 * Rows that are put in another order by dragging their handle, or with the arrow keys while it has the focus. `move`
 * is called for every place a row passes; `drop` when it is let go.
 */
export function useReorder<Id extends string | number>(
  ids: readonly Id[],
  move: (id: Id, by: number) => void,
  drop?: () => void,
) {
  const [dragged, setDragged] = useState<Id | null>(null);
  const rows = useRef(new Map<Id, HTMLElement>());
  const latest = useRef({ ids, move, drop });
  latest.current = { ids, move, drop };
  useEffect(() => {
    if (dragged === null) return;
    const middle = (id: Id | undefined): number | undefined => {
      const box = id === undefined ? undefined : rows.current.get(id)?.getBoundingClientRect();
      return box && box.top + box.height / 2;
    };
    const follow = (event: globalThis.PointerEvent) => {
      const now = latest.current;
      const at = now.ids.indexOf(dragged);
      const above = middle(now.ids[at - 1]);
      const below = middle(now.ids[at + 1]);
      if (above !== undefined && event.clientY < above) now.move(dragged, -1);
      else if (below !== undefined && event.clientY > below) now.move(dragged, 1);
    };
    const end = () => {
      setDragged(null);
      latest.current.drop?.();
    };
    // Of the window: the handle is moved in the document while it is dragged, and would lose the pointer by it.
    window.addEventListener("pointermove", follow);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
    return () => {
      window.removeEventListener("pointermove", follow);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
    };
  }, [dragged]);
  const row = (id: Id) => (element: HTMLElement | null) => {
    if (element) rows.current.set(id, element);
    else rows.current.delete(id);
  };
  const handle = (id: Id) => ({
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button === 0) setDragged(id);
    },
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
      const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
      const to = ids.indexOf(id) + by;
      if (by === 0) return;
      event.preventDefault();
      if (to < 0 || to >= ids.length) return;
      const { currentTarget } = event;
      move(id, by);
      drop?.();
      // The row may have been moved in the document, and lost the focus by it.
      requestAnimationFrame(() => currentTarget.focus());
    },
  });
  return { dragged, row, handle };
}
