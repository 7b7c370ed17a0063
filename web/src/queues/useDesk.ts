import { useEffect, useLayoutEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { type Queue, queuesApi } from "../api/queues";
import { useHere } from "../app/project";
import { useLive } from "../app/useLive";
import { Desk } from "./desk";

/** The calls about the queues of the project that is shown. */
export function useQueuesApi() {
  const { project } = useHere();
  return useMemo(() => queuesApi(project.project_id), [project.project_id]);
}

/** A session of reviewing in a queue, for as long as the page is open. */
export function useDesk(queue: Queue) {
  const api = useQueuesApi();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version of the same queue is no other session
  const desk = useMemo(() => new Desk(api, queue), [api, queue.id]);
  const state = useSyncExternalStore(desk.watch, desk.read);
  useEffect(() => desk.start(), [desk]);
  useLive(({ events, counts, missed }) => {
    const told = missed || counts["queue.updated"] || events.some(({ type }) => type === "queue.updated");
    if (told) desk.hear();
  });
  const { current } = state.session;
  // What has been painted is what keys act on: between a key and the next frame they act on nothing.
  const painted = useRef<string>(undefined);
  useLayoutEffect(() => {
    painted.current = undefined;
    const frame = requestAnimationFrame(() => {
      painted.current = current;
    });
    return () => cancelAnimationFrame(frame);
  }, [current]);
  return { desk, state, seen: () => painted.current };
}
