import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, unreachable } from "../api/error";
import type { Moved, Progress, QueuesApi, Review } from "../api/queues";
import { Desk, readLocal } from "./desk";
import { leftBehind } from "./session";

const progress: Progress = {
  total: 9,
  completed: 0,
  in_review: 0,
  needs_others: 0,
  to_do: 9,
  orphaned: 0,
  answers: 0,
  mine: { submitted: 0, skipped: 0, declined: 0, left: 9 },
};

const review = (id: string): Review => ({
  item: { id, kind: "span", state: "to_do", priority: 0, added_at: "" },
  seat_state: "held",
  questions: [
    {
      human_review: { id: "good", key: "good", type: "boolean", display_name: "Good", description: "" },
      required: true,
    },
  ],
  flagged: false,
  seconds: 2,
});

const moved = (...ids: string[]): Moved => ({ items: ids.map(review), progress });
const queue = { id: "q", correction: "none", lease_seconds: 30, overlap: 1 } as const;

function server() {
  return {
    claim: vi.fn().mockResolvedValue({ items: [review("a"), review("b")], progress, waiting: [] }),
    mine: vi.fn().mockResolvedValue({ data: [] }),
    submit: vi.fn().mockResolvedValue(moved("c")),
    undo: vi.fn(),
    keepDraft: vi.fn().mockResolvedValue({ saved_at: "" }),
    heartbeat: vi.fn().mockResolvedValue({ lease_until: "" }),
    flag: vi.fn().mockResolvedValue({}),
    review: vi.fn().mockImplementation(async (_queue: string, item: string) => review(item)),
    get: vi.fn().mockResolvedValue({ progress }),
    release: vi.fn().mockResolvedValue(undefined),
  };
}

async function begun(api: ReturnType<typeof server>) {
  const desk = new Desk(api as unknown as QueuesApi, queue);
  const leave = desk.start();
  await vi.advanceTimersByTimeAsync(1);
  return { desk, leave, current: () => desk.state.session.current };
}

const judge = (desk: Desk, on: string) => {
  desk.act({ do: "answer", on, key: "good", value: true, typing: false });
  desk.act({ do: "submit", on, id: `submit ${on}` });
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
});

describe("a desk", () => {
  it("sends a submission again, as the same one, until the server has it", async () => {
    const api = server();
    api.submit.mockRejectedValueOnce(unreachable()).mockRejectedValueOnce(new ApiError(503, "busy", "", "", ""));
    const { desk, current } = await begun(api);
    judge(desk, "a");
    expect(current()).toBe("b");
    await vi.advanceTimersByTimeAsync(1);
    expect(desk.state.session.offline).toBe(true);
    expect(readLocal("q", "a")?.answers).toEqual({ good: true });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(api.submit.mock.calls.map(([, item, body]) => [item, body.submission_id])).toEqual(
      Array(3).fill(["a", "submit a"]),
    );
    expect([desk.state.session.offline, desk.state.session.ahead]).toEqual([false, ["c"]]);
    expect(readLocal("q", "a")).toBeUndefined();
  });

  it("keeps what is typed in the browser at once, and on the server a moment later", async () => {
    const api = server();
    const { desk } = await begun(api);
    for (const text of ["T", "To", "Too vague"]) desk.act({ do: "write", on: "a", field: "note", text });
    expect(readLocal("q", "a")?.note).toBe("Too vague");
    expect(desk.state.saved).toBe("saving");
    await vi.advanceTimersByTimeAsync(1000);
    expect(api.keepDraft).toHaveBeenCalledTimes(1);
    expect(api.keepDraft.mock.calls[0]?.[2]).toMatchObject({ note: "Too vague" });
    expect(desk.state.saved).toBe("saved");
  });

  it("finds a change of an earlier visit that was not submitted, and forgets one that was taken back", async () => {
    const api = server();
    const done = review("z");
    done.seat_state = "submitted";
    const [asked] = done.questions;
    if (asked) asked.answer = { value: true };
    api.review.mockResolvedValue(done);
    api.mine.mockResolvedValue({ data: [{ item_id: "z", state: "submitted" }] });
    localStorage.setItem(
      "postil.draft queue q z",
      JSON.stringify({ answers: { good: false }, note: "", flagged: false }),
    );
    const { desk, current } = await begun(api);
    expect(leftBehind(desk.state.session).map(({ id }) => id)).toEqual(["z"]);
    desk.act({ do: "go", on: current(), to: "z" });
    desk.act({ do: "answer", on: "z", key: "good", value: true, typing: false });
    expect(readLocal("q", "z")).toBeUndefined();
  });

  it("tells how long the item was on the screen altogether", async () => {
    const api = server();
    const { desk } = await begun(api);
    await vi.advanceTimersByTimeAsync(3000);
    judge(desk, "a");
    const spent = api.submit.mock.calls[0]?.[2].active_ms;
    expect(spent).toBeGreaterThanOrEqual(5000);
    expect(spent).toBeLessThan(5500);
  });

  it("counts no time twice when an item comes back from the server", async () => {
    const api = server();
    const { desk } = await begun(api);
    await vi.advanceTimersByTimeAsync(3000);
    judge(desk, "a");
    await vi.advanceTimersByTimeAsync(1);
    // As the server has it by now.
    api.undo.mockResolvedValue({ items: [{ ...review("a"), seconds: 5 }, review("b")], progress });
    desk.act({ do: "undo", on: desk.state.session.current, id: "undo a" });
    await vi.advanceTimersByTimeAsync(1000);
    desk.act({ do: "submit", on: "a", id: "again" });
    const spent = api.submit.mock.calls.at(-1)?.[2].active_ms;
    expect(api.submit.mock.calls.at(-1)?.[1]).toBe("a");
    expect(spent).toBeGreaterThanOrEqual(6000);
    expect(spent).toBeLessThan(6500);
  });

  it("holds what is on the screen, and says when it is lost", async () => {
    const api = server();
    const { desk } = await begun(api);
    api.heartbeat.mockRejectedValueOnce(new ApiError(409, "lease_lost", "Ann has it.", undefined, undefined));
    await vi.advanceTimersByTimeAsync(10_500);
    expect(api.heartbeat).toHaveBeenCalledWith("q", "a", expect.any(Number));
    expect(desk.state.session.entries.a?.lost?.code).toBe("lease_lost");
  });

  it("says that an item is done because the same reviewer submitted it elsewhere", async () => {
    const api = server();
    const { desk } = await begun(api);
    api.heartbeat.mockRejectedValueOnce(new ApiError(409, "item_complete", "Others have.", undefined, undefined));
    api.review.mockResolvedValueOnce({ ...review("a"), seat_state: "submitted" });
    await vi.advanceTimersByTimeAsync(10_500);
    expect(desk.state.session.entries.a?.lost?.code).toBe("submitted_elsewhere");
  });

  it("follows how far the others are, asking once for much that is heard", async () => {
    const api = server();
    const { desk } = await begun(api);
    api.get.mockResolvedValue({ progress: { ...progress, completed: 5 } });
    for (let heard = 0; heard < 5; heard++) desk.hear();
    await vi.advanceTimersByTimeAsync(1100);
    expect(api.get).toHaveBeenCalledTimes(1);
    expect(desk.state.session.progress?.completed).toBe(5);
  });

  it("reads an item that is done anew when somebody goes back to it", async () => {
    const api = server();
    const { desk } = await begun(api);
    judge(desk, "a");
    await vi.advanceTimersByTimeAsync(1);
    const others = [{ reviewer: { id: "ann", display_name: "Ann" }, key: "good", value: false }];
    api.review.mockResolvedValue({ ...review("a"), seat_state: "submitted", others });
    desk.act({ do: "go", on: "b", to: "a" });
    await vi.advanceTimersByTimeAsync(1);
    expect(desk.state.session.entries.a?.review?.others).toEqual(others);
  });

  it("keeps the last words when it is left", async () => {
    const api = server();
    const { desk, leave } = await begun(api);
    desk.act({ do: "write", on: "a", field: "note", text: "Too" });
    leave();
    await vi.advanceTimersByTimeAsync(400);
    expect(api.keepDraft.mock.calls[0]?.[2]).toMatchObject({ note: "Too" });
    expect(api.release).toHaveBeenCalledTimes(1);
  });

  it("gives its items back when it is left, but not before what was submitted has arrived", async () => {
    const api = server();
    const { desk, leave } = await begun(api);
    api.submit.mockRejectedValueOnce(unreachable());
    judge(desk, "a");
    leave();
    await vi.advanceTimersByTimeAsync(600);
    expect(api.release).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(5000);
    expect(api.submit).toHaveBeenCalledTimes(2);
    expect(api.release).toHaveBeenCalledTimes(1);
  });
});
