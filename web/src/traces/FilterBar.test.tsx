import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, it, vi } from "vitest";
import { FilterBar } from "./FilterBar";
import type { Fields } from "./useTraces";

afterEach(cleanup);

vi.mock("../app/project", () => ({ useHere: () => ({ api: {}, project: { key: "shop" } }) }));

const fields = {
  list: [{ name: "status", label: "Status", enum_values: ["ok", "error"] }],
  names: new Set(["status"]),
  keys: new Set(),
  reviews: [],
  metadata: [],
} as unknown as Fields;

function Page() {
  const [text, setText] = useState("");
  return (
    <QueryClientProvider client={new QueryClient()}>
      <FilterBar text={text} fields={fields} window={{ from: "", to: "" } as never} onChange={setText} />
    </QueryClientProvider>
  );
}

it("the menu of fields stays away after Enter until somebody types again", () => {
  render(<Page />);
  const field = screen.getByRole("combobox");
  const menu = () => screen.queryByRole("listbox") !== null;
  act(() => field.focus());
  expect(menu()).toBe(true);
  fireEvent.change(field, { target: { value: "lamp" } });
  fireEvent.keyDown(field, { key: "Enter" });
  expect(menu()).toBe(false);
  fireEvent.change(field, { target: { value: "st" } });
  expect(menu()).toBe(true);
});

it("Enter behind the name of a field asks for its values, behind other words takes the words", () => {
  render(<Page />);
  const field = screen.getByRole<HTMLInputElement>("combobox");
  act(() => field.focus());
  fireEvent.change(field, { target: { value: "Status" } });
  fireEvent.keyDown(field, { key: "Enter" });
  expect(field.value).toBe("status:");
  fireEvent.change(field, { target: { value: "stat" } });
  fireEvent.keyDown(field, { key: "Enter" });
  expect(field.value).toBe("");
  expect(screen.getByText("stat", { exact: false })).toBeTruthy();
});
