import { useState } from "react";

const STORED = "postil.dense";

/** The height of the rows, as this person likes it. */
export function useDensity(): [boolean, (dense: boolean) => void] {
  const [dense, setDense] = useState(() => localStorage.getItem(STORED) === "true");
  const choose = (next: boolean) => {
    localStorage.setItem(STORED, String(next));
    setDense(next);
  };
  return [dense, choose];
}
