import { describe, expect, it } from "vitest";
import type { Progress, Review } from "../api/queues";
import type { HumanReview } from "../api/types";
import type { Form } from "./form";
import {
  type Action,
  around,
  begin,
  isChanged,
  leftBehind,
  onScreen,
  phaseOf,
  progressOf,
  reduce,
  type Session,
} from "./session";
import { redone, undone } from "./steps";

const rating: HumanReview = {
  id: "rating",
  key: "rating",
  type: "single_select",
  display_name: "Rating",
  description: "",
  options: ["good", "bad"].map((value) => ({ value, sentiment: "neutral", description: "", icon: "" })),
};
const score: HumanReview = { ...rating, id: "score", key: "score", type: "range", config: { min: 0, max: 10 } };

const review = (id: string, more: Partial<Review> = {}): Review => ({
  item: { id, kind: "span", state: "to_do", priority: 0, added_at: "" },
  seat_state: "reserved",
  questions: [
    { human_review: rating, required: true },
    { human_review: score, required: false },
  ],
  flagged: false,
  seconds: 0,
  ...more,
});

const progress = (left: number, submitted = 0): Progress => ({
  total: left + submitted,
  completed: submitted,
  in_review: 0,
  needs_others: 0,
  to_do: left,
  orphaned: 0,
  answers: 0,
  mine: { submitted, skipped: 0, declined: 0, left },
});

const run = (session: Session, ...actions: Action[]): Session => actions.reduce(reduce, session);
const claimed = (...ids: string[]): Action => ({
  do: "claimed",
  items: ids.map((id) => review(id)),
  progress: progress(10),
  waiting: [],
  drafts: {},
});
const started = (...ids: string[]) => run(begin("none"), { do: "asked" }, claimed(...ids));
const answer = (on: string, value: string | undefined, key = "rating"): Action => ({
  do: "answer",
  on,
  key,
  value,
  typing: false,
});
const submit = (on: string): Action => ({ do: "submit", on, id: `submit ${on}` });
const sent = (id: string, items: Review[] = [], left = 9): Action => ({
  do: "sent",
  id,
  items,
  progress: progress(left, 1),
  drafts: {},
});

describe("a review session", () => {
  it("begins with what is claimed, and keeps the next one at hand", () => {
    expect(phaseOf(begin("none"))).toBe("loading");
    const session = started("a", "b");
    expect([phaseOf(session), session.current, session.ahead]).toEqual(["answering", "a", ["b"]]);
  });

  it("shows the next item at once when one is submitted, before the server has answered", () => {
    const session = run(started("a", "b"), answer("a", "good"), submit("a"));
    expect([session.current, session.ahead, session.outbox.length]).toEqual(["b", [], 1]);
    expect(session.outbox[0]).toMatchObject({ item: "a", body: { answers: [{ key: "rating", value: "good" }] } });
    expect(progressOf(session)?.mine).toMatchObject({ submitted: 1, left: 9 });
    const after = run(session, sent("submit a", [review("c")]));
    expect([after.current, after.ahead, after.outbox]).toEqual(["b", ["c"], []]);
  });

  it("does not submit without a required answer, or with a wrong one, and says so at the field", () => {
    const empty = run(started("a", "b"), submit("a"));
    expect(empty.current).toBe("a");
    expect(onScreen(empty)?.problems).toEqual([{ field: "rating", message: "This needs an answer." }]);
    const wrong = run(empty, answer("a", "good"), { do: "answer", on: "a", key: "score", value: 99, typing: false });
    const said = onScreen(run(wrong, submit("a")))?.problems;
    expect(said).toEqual([{ field: "score", message: "Value 99 is out of range [0, 10]." }]);
  });

  it("asks for what is left before it says that nothing is", () => {
    const last = run(started("a"), answer("a", "good"), submit("a"));
    expect(phaseOf(last)).toBe("sending");
    const asked = run(last, sent("submit a"));
    expect([phaseOf(asked), asked.claim]).toEqual(["sending", "due"]);
    const others = { reviewer: { id: "ann", display_name: "Ann" }, items: 1 };
    const waits = run(asked, { do: "asked" }, { ...claimed(), waiting: [others] } as Action);
    expect(phaseOf(waits)).toBe("empty");
    const none: Action = { do: "claimed", items: [], progress: progress(0, 1), waiting: [], drafts: {} };
    expect(phaseOf(run(asked, { do: "asked" }, none))).toBe("ended");
    expect(phaseOf(run(waits, { do: "look again" }, { do: "asked" }, claimed("b")))).toBe("answering");
  });

  it("undoes and redoes many steps, across items and after submit", () => {
    let session = run(started("a", "b"), answer("a", "good"), submit("a"), sent("submit a", [review("c")]));
    session = run(session, answer("b", "bad"));
    session = run(session, { do: "undo", on: "b", id: "u1" });
    expect([session.current, onScreen(session)?.form.answers]).toEqual(["b", {}]);
    session = run(session, { do: "undo", on: "b", id: "u2" });
    expect([session.current, session.ahead, onScreen(session)?.form.answers]).toEqual([
      "a",
      ["b", "c"],
      { rating: "good" },
    ]);
    expect(session.outbox).toEqual([{ id: "u2", item: "a", kind: "undo" }]);
    session = run(session, { do: "undo", on: "a", id: "u3" });
    expect(onScreen(session)?.form.answers).toEqual({});
    for (const on of ["a", "a", "b"]) session = run(session, { do: "redo", on, id: `r ${on}` });
    expect([session.current, onScreen(session)?.form.answers]).toEqual(["b", { rating: "bad" }]);
    expect(session.outbox.map(({ kind }) => kind)).toEqual(["undo", "submit"]);
  });

  it("says what was undone and done again", () => {
    let session = run(started("a", "b"), answer("a", "good"), submit("a"));
    expect(undone(session)).toBe("Undone: the submission");
    session = run(session, { do: "undo", on: "b", id: "u1" });
    expect([undone(session), redone(session)]).toEqual(["Undone: the answer to Rating", "Done again: the submission"]);
    session = run(session, { do: "write", on: "a", field: "note", text: "Hm" });
    expect([undone(session), redone(session)]).toEqual(["Undone: the note", undefined]);
  });

  it("takes a submission back before it went out", () => {
    const session = run(started("a", "b"), answer("a", "good"), submit("a"), { do: "undo", on: "b", id: "u" });
    expect([session.current, session.outbox]).toEqual(["a", []]);
    const flying = run(started("a", "b"), answer("a", "good"), submit("a"), { do: "flying", id: "submit a" });
    expect(run(flying, { do: "undo", on: "b", id: "u" }).outbox.map(({ kind }) => kind)).toEqual(["submit", "undo"]);
  });

  it("goes back to any item done, changes it and comes forward again", () => {
    let session = run(started("a", "b"), answer("a", "good"), submit("a"), sent("submit a", [review("c")]));
    expect(around(session)).toEqual({ before: "a" });
    session = run(session, { do: "go", on: "b", to: "a" });
    expect([session.current, session.ahead, around(session)]).toEqual(["a", ["b", "c"], { after: "b" }]);
    session = run(session, answer("a", "bad"));
    expect(isChanged(session.entries.a as never)).toBe(true);
    session = run(session, { do: "submit", on: "a", id: "again" });
    expect([session.current, session.ahead, session.outbox.length]).toEqual(["b", ["c"], 1]);
  });

  it("tells of a change that was left without submitting it, and submits it from where one is", () => {
    let session = run(started("a", "b"), answer("a", "good"), submit("a"), sent("submit a", [review("c")]));
    session = run(session, { do: "go", on: "b", to: "a" }, answer("a", "bad"));
    expect(leftBehind(session)).toEqual([]);
    session = run(session, { do: "go", on: "a", to: "b" });
    expect(leftBehind(session).map(({ id }) => id)).toEqual(["a"]);
    session = run(session, { do: "submit changes", on: "b", ids: { a: "again" } });
    expect([session.current, session.ahead, leftBehind(session)]).toEqual(["b", ["c"], []]);
    expect(session.outbox).toMatchObject([
      { id: "again", item: "a", kind: "submit", body: { answers: [{ key: "rating", value: "bad" }] } },
    ]);
    const undone = run(session, { do: "undo", on: "b", id: "u" });
    expect([undone.current, onScreen(undone)?.form.answers]).toEqual(["a", { rating: "bad" }]);
  });

  it("shows a change that cannot be submitted instead of submitting it", () => {
    let session = run(started("a", "b"), answer("a", "good"), submit("a"), sent("submit a"));
    session = run(session, { do: "go", on: "b", to: "a" }, answer("a", undefined), { do: "go", on: "a", to: "b" });
    session = run(session, { do: "submit changes", on: "b", ids: { a: "again" } });
    expect([session.current, onScreen(session)?.problems.length, session.outbox]).toEqual(["a", 1, []]);
  });

  it("shows what others said of an item that is done, and leaves a change of one's own as it is", () => {
    const others = [{ reviewer: { id: "ann", display_name: "Ann" }, key: "rating", value: "bad" }];
    const now = review("a", {
      seat_state: "submitted",
      questions: [{ human_review: rating, required: true, answer: { value: "good" } }],
      others,
      seconds: 40,
    });
    let session = run(started("a", "b"), answer("a", "good"), submit("a"));
    expect(run(session, { do: "renewed", review: now })).toBe(session);
    session = run(session, sent("submit a"), { do: "go", on: "b", to: "a" }, { do: "renewed", review: now });
    expect(onScreen(session)?.review).toMatchObject({ others, seconds: 0 });
    expect(isChanged(session.entries.a as never)).toBe(false);
    session = run(session, answer("a", "bad"), { do: "renewed", review: now });
    expect(onScreen(session)?.form.answers).toEqual({ rating: "bad" });
    expect(isChanged(session.entries.a as never)).toBe(true);
  });

  it("counts an item that waits here as complete where one person judges it, else leaves that to the server", () => {
    const judged = (overlap: number) =>
      progressOf(
        run(begin("none", overlap), { do: "asked" }, claimed("a", "b"), answer("a", "good"), submit("a"), {
          do: "offline",
          is: true,
        }),
      );
    expect(judged(1)).toMatchObject({ completed: 1, mine: { submitted: 1 } });
    expect(judged(2)).toMatchObject({ completed: 0, mine: { submitted: 1 } });
  });

  it("does not take a flag for a change that waits: it counts at once", () => {
    let session = run(started("a", "b"), answer("a", "good"), submit("a"), sent("submit a"));
    session = run(session, { do: "go", on: "b", to: "a" }, { do: "flag", on: "a" }, { do: "go", on: "a", to: "b" });
    expect([session.entries.a?.form.flagged, leftBehind(session)]).toEqual([true, []]);
  });

  it("reads items that were done before it began only when somebody goes there", () => {
    let session = run(started("a"), {
      do: "remember",
      done: [
        { item_id: "y", state: "submitted" },
        { item_id: "x", state: "submitted" },
      ],
    });
    expect(around(session).before).toBe("y");
    session = run(session, { do: "go", on: "a", to: "y" });
    expect(phaseOf(session)).toBe("loading");
    expect(run(session, answer("y", "good"))).toBe(session);
    const stored = review("y", {
      seat_state: "submitted",
      questions: [{ human_review: rating, required: true, answer: { value: "bad" } }],
    });
    session = run(session, { do: "loaded", review: stored, draft: undefined });
    expect([phaseOf(session), onScreen(session)?.form.answers]).toEqual(["answering", { rating: "bad" }]);
  });

  it("keeps what was typed when the lease is lost, and says why", () => {
    const session = run(started("a", "b"), answer("a", "good"), {
      do: "lost",
      item: "a",
      code: "lease_lost",
      message: "Ann has it now.",
    });
    expect([phaseOf(session), onScreen(session)?.form.answers]).toEqual(["lost", { rating: "good" }]);
    expect(run(session, answer("a", "bad"))).toBe(session);
    expect(run(session, { do: "leave lost", on: "a" }).current).toBe("b");
  });

  it("brings back what the server would not take, with what was typed", () => {
    let session = run(started("a", "b"), answer("a", "good"), submit("a"), answer("b", "bad"));
    session = run(session, {
      do: "refused",
      id: "submit a",
      code: "invalid",
      message: "No.",
      field: "answers[0].value",
    });
    expect([session.current, session.refused]).toEqual(["b", ["a"]]);
    session = run(session, submit("b"), sent("submit b"));
    expect([session.current, onScreen(session)?.problems]).toEqual(["a", [{ field: "rating", message: "No." }]]);
    expect(onScreen(session)?.form.answers).toEqual({ rating: "good" });
  });

  it("reads an item again when what is asked has changed, under what was written", () => {
    const gone: Action = { do: "refused", id: "submit a", code: "question_gone", message: "Gone.", field: undefined };
    let session = run(started("a"), answer("a", "good"), submit("a"), gone);
    expect([session.current, phaseOf(session), onScreen(session)?.form.answers]).toEqual([
      "a",
      "loading",
      { rating: "good" },
    ]);
    session = run(session, {
      do: "loaded",
      review: review("a"),
      draft: { answers: { rating: "good" }, note: "", flagged: false },
    });
    expect([phaseOf(session), onScreen(session)?.problems[0]?.message]).toEqual(["answering", "Gone."]);
  });

  it("keeps what was written about a span that is gone, and lets the item be skipped", () => {
    const gone: Action = { do: "refused", id: "submit a", code: "span_gone", message: "Gone.", field: undefined };
    const session = run(started("a"), answer("a", "good"), submit("a"), gone);
    expect([onScreen(session)?.review?.orphaned, onScreen(session)?.form.answers]).toEqual([true, { rating: "good" }]);
    expect(run(session, submit("a"))).toBe(session);
    expect(run(session, { do: "skip", on: "a", id: "s" }).outbox).toHaveLength(1);
  });

  it("keeps the order of what was said while the server was away", () => {
    let session = run(started("a", "b"), answer("a", "good"), submit("a"), { do: "flying", id: "submit a" });
    session = run(session, { do: "offline", is: true }, answer("b", "bad"), submit("b"));
    expect([phaseOf(session), session.flying, session.outbox.map(({ item }) => item)]).toEqual([
      "sending",
      false,
      ["a", "b"],
    ]);
    expect(run(session, { do: "undo", on: undefined, id: "u" }).current).toBe("b");
  });
});

/** A repeatable source of chance. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const formsOf = (session: Session): Record<string, Form> =>
  Object.fromEntries(Object.values(session.entries).map(({ id, form }) => [id, form]));

describe("whatever happens, in whatever order", () => {
  it("no key acts on an item that is not on the screen, and nothing typed is lost", () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = chance(seed);
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
      let session = begin("none");
      let made = 0;
      let pressed = 0;
      let seen: string | undefined;
      const fresh = () => [review(`item ${++made}`)];
      for (let step = 0; step < 120; step++) {
        const before = session;
        const ids = Object.keys(session.entries);
        // A key acts on what was on the screen when it was pressed, which may be gone by now.
        const on = random() < 0.7 ? session.current : pick([...ids, "unknown"]);
        seen = session.current;
        const id = `send ${++pressed}`;
        const keys: Action[] =
          on === undefined
            ? []
            : [
                answer(on, pick(["good", "bad", undefined])),
                { do: "write", on, field: "note", text: `note ${step}` },
                { do: "flag", on },
                { do: "submit", on, id },
                { do: "skip", on, id },
                { do: "decline", on, id, reason: "broken" },
                { do: "go", on, to: pick([...ids, "unknown"]) },
                { do: "leave lost", on },
              ];
        const back: Action[] = [
          { do: "undo", on, id },
          { do: "redo", on, id },
        ];
        const [first] = session.outbox;
        const server: Action[] = [
          { do: "look again" },
          ...(session.claim === "due" ? [{ do: "asked" } as const] : []),
          ...(session.claim === "asked"
            ? [
                {
                  do: "claimed",
                  items: [...fresh(), ...fresh()],
                  progress: progress(5),
                  waiting: [],
                  drafts: {},
                } as const,
              ]
            : []),
          ...(first ? [{ do: "flying", id: first.id } as const] : []),
          ...(first
            ? [
                {
                  do: "sent",
                  id: first.id,
                  items: random() < 0.6 ? fresh() : [],
                  progress: progress(5),
                  drafts: {},
                } as const,
              ]
            : []),
          ...(first && random() < 0.3
            ? [
                {
                  do: "refused",
                  id: first.id,
                  code: pick(["lease_lost", "invalid"]),
                  message: "",
                  field: undefined,
                } as const,
              ]
            : []),
          { do: "offline", is: random() < 0.5 },
          ...(session.current && random() < 0.1
            ? [{ do: "lost", item: session.current, code: "lease_lost", message: "" } as const]
            : []),
        ];
        const action = pick([...keys, ...keys, ...back, ...server]);
        session = reduce(session, action);
        const told = `seed ${seed}, step ${step}: ${JSON.stringify(action)}`;
        if ("on" in action && action.on !== seen) expect(session, told).toBe(before);
        const [was, is] = [formsOf(before), formsOf(session)];
        for (const one of Object.keys(was)) {
          if (action.do === "leave lost" && one === action.on) continue;
          expect(is[one], `${told}: ${one} is forgotten`).toBeDefined();
          if (was[one] === is[one]) continue;
          // What changes is what was seen; what undo changes is seen from then on.
          const shown = action.do === "undo" || action.do === "redo" ? session.current : seen;
          const again = (action.do === "claimed" || action.do === "sent") && before.entries[one]?.state === "skipped";
          expect(again || one === shown, `${told}: ${one} changed`).toBe(true);
        }
        const places = [session.current, ...session.ahead].filter(Boolean);
        expect(new Set(places).size, `${told}: an item is in two places`).toBe(places.length);
        expect(new Set(session.trail).size, told).toBe(session.trail.length);
      }
    }
  });

  it("everything that is undone can be done again", () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = chance(seed);
      let session = started("a", "b", "c", "d");
      for (let step = 0; step < 14; step++) {
        const on = session.current;
        if (on === undefined) break;
        const value = random() < 0.5 ? "good" : "bad";
        session = run(session, random() < 0.6 ? answer(on, value) : { do: "submit", on, id: `s${step}` });
      }
      const [steps, forms, at] = [session.past.length, formsOf(session), session.current];
      for (let step = 0; step < steps; step++)
        session = run(session, { do: "undo", on: session.current, id: `u${step}` });
      expect(Object.values(formsOf(session)).map(({ answers }) => answers)).toEqual([{}, {}, {}, {}]);
      expect(session.current).toBe("a");
      for (let step = 0; step < steps; step++)
        session = run(session, { do: "redo", on: session.current, id: `r${step}` });
      expect([formsOf(session), session.current]).toEqual([forms, at]);
    }
  });
});
