import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chordOf, printed } from "./chord";
import { isOwned, isTyping } from "./guards";
import { inOrder } from "./KeyList";
import { assign, conflicts, followStored, keysOf, remap, resetKeys } from "./keymap";
import { matches } from "./Palette";
import { COMMAND_IDS } from "./table";
import { commandFor } from "./useCommand";

const press = (key: string, more: Partial<Parameters<typeof chordOf>[0]> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

afterEach(() => {
  document.body.replaceChildren();
  resetKeys();
});

describe("chords", () => {
  it("names keys alike on both kinds of machine", () => {
    expect(chordOf(press("k", { ctrlKey: true }), false)).toBe("mod+k");
    expect(chordOf(press("k", { metaKey: true }), true)).toBe("mod+k");
    expect(chordOf(press("k", { ctrlKey: true }), true)).toBe("ctrl+k");
    expect(chordOf(press("G", { shiftKey: true }), false)).toBe("shift+g");
    expect(chordOf(press("?", { shiftKey: true }), false)).toBe("?");
    expect(chordOf(press("1", { ctrlKey: true, altKey: true }), false)).toBe("ctrl+alt+1");
  });

  it("prints keys as they stand on the keyboard", () => {
    expect(printed("mod+k", true)).toBe("⌘K");
    expect(printed("mod+Enter", false)).toBe("Ctrl+↵");
  });
});

describe("guards", () => {
  const element = (html: string) => {
    const range = document.createElement("div");
    range.setAttribute("role", "none");
    const template = document.createElement("template");
    template.innerHTML = html;
    range.append(template.content);
    document.body.append(range);
    return range.querySelector<HTMLElement>("[id=x]") as HTMLElement;
  };

  it.each([
    ["<input id=x>", true],
    ["<textarea id=x></textarea>", true],
    ["<input id=x type=range>", false],
    ["<button id=x></button>", false],
  ])("%s takes letters: %s", (html, typing) => {
    expect(isTyping(element(html))).toBe(typing);
  });

  it("leaves keys to what owns them", () => {
    expect(isOwned("Enter", element("<button id=x></button>"))).toBe(true);
    expect(isOwned("j", element("<button id=x></button>"))).toBe(false);
    expect(isOwned("ArrowDown", element("<div role=tree><i id=x></i></div>"))).toBe(true);
    expect(isOwned("j", element("<div role=listbox><i id=x></i></div>"))).toBe(true);
    expect(isOwned("Enter", element("<input id=x role=combobox>"))).toBe(true);
    expect(isOwned("mod+Enter", element("<input id=x role=combobox>"))).toBe(false);
  });

  it("submits on Enter where that is what Enter does, also from an option; Space still chooses it", () => {
    const option = element("<div data-enter=submits><button id=x data-option=good></button></div>");
    expect([isOwned("Enter", option), isOwned("Space", option)]).toEqual([false, true]);
    expect(isOwned("Enter", element("<button id=x data-option=good></button>"))).toBe(true);
    expect(isOwned("Enter", element("<div data-enter=submits><button id=x></button></div>"))).toBe(true);
  });

  describe("with nothing bound", () => {
    beforeEach(() => vi.restoreAllMocks());
    it("no key does anything", () => {
      expect(commandFor(new KeyboardEvent("keydown", { key: "j" }))).toBeUndefined();
    });
  });
});

describe("the table of commands", () => {
  it("has no two commands on one key at the same time", () => {
    for (const id of COMMAND_IDS)
      for (const key of keysOf(id)) expect(conflicts(id, key), `${id} on ${key}`).toEqual([]);
  });

  it("keeps a change, and forgets it when the first key comes back", () => {
    expect(assign("undo", "y")).toBeUndefined();
    expect(keysOf("undo")).toEqual(["y"]);
    expect(JSON.parse(localStorage.getItem("postil.keys") ?? "{}")).toEqual({ undo: ["y"] });
    expect(remap("undo", undefined)).toBeUndefined();
    expect(keysOf("undo")).toEqual(["z", "mod+z"]);
    expect(localStorage.getItem("postil.keys")).toBeNull();
  });

  it("refuses a key that another command has, and says which", () => {
    expect(assign("undo", "j")).toContain("“Next trace”");
    expect(keysOf("undo")).toEqual(["z", "mod+z"]);
    expect(assign("undo", "mod+w")).toContain("browser");
    // Traces and logs are never on the screen together.
    expect(assign("next-log", "k")).toContain("“Previous log”");
    expect(assign("correct", "f")).toBeUndefined();
  });

  it("is told beginning with what can be done on this page", () => {
    expect(inOrder(["palette", "undo", "submit-item"]).slice(0, 3)).toEqual(["Reviewing", "Everywhere", "Judging"]);
    expect(inOrder([])[0]).toBe("Everywhere");
  });

  it("refuses the first key of a command when it was given away meanwhile", () => {
    assign("undo", "y");
    assign("raw", "z");
    expect(remap("undo", undefined)).toContain("“Rendered or raw”");
    expect(keysOf("undo")).toEqual(["y"]);
  });
});

describe("the palette", () => {
  it("finds commands by the beginnings of their words", () => {
    expect(matches("li dark", "Switch between light and dark")).toBe(true);
    expect(matches("ark", "Switch between light and dark")).toBe(false);
  });
});

describe("keys of an account", () => {
  it("come from the server, and changes go to it", () => {
    const saved: unknown[] = [];
    followStored({ raw: ["x"], unknown: ["y"], "next-trace": "z" }, (map) => saved.push(map));
    expect(keysOf("raw")).toEqual(["x"]);
    expect(keysOf("next-trace")).toContain("j");
    expect(saved).toEqual([]);
    remap("raw", ["y"]);
    expect(saved).toEqual([{ raw: ["y"] }]);
    resetKeys();
    expect(saved.at(-1)).toEqual({});
  });

  it("that a browser kept before the server did are handed to it", () => {
    followStored({}, () => {});
    remap("raw", ["y"]);
    const saved: unknown[] = [];
    followStored(undefined, (map) => saved.push(map));
    expect(saved).toEqual([{ raw: ["y"] }]);
    expect(keysOf("raw")).toEqual(["y"]);
  });
});
