import { act, render, screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import { Dialog } from "./Overlay";

const page = (open: boolean) => (
  <>
    {/* biome-ignore lint/a11y/useSemanticElements: the question of a review is such a place */}
    <div role="group" aria-label="Question" tabIndex={-1}>
      <button type="button">good</button>
    </div>
    <Dialog open={open} onClose={() => {}} title="Keys">
      <button type="button">Reset</button>
    </Dialog>
  </>
);

it("a dialog that closes gives the focus back to the place that had it, not to the first button inside", async () => {
  const { rerender } = render(page(false));
  const question = screen.getByRole("group");
  question.focus();
  rerender(page(true));
  await waitFor(() => expect(screen.getByRole("dialog").contains(document.activeElement)).toBe(true));
  await act(async () => rerender(page(false)));
  await waitFor(() => expect(document.activeElement).toBe(question));
});
