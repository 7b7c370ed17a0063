import { type PointerEvent, useRef, useState } from "react";
import { count } from "../ui/format";
import type { Window } from "./search";
import { type Bucket, bucketLength } from "./useTraces";

const HEIGHT = 36;

const label = (at: number, length: number) =>
  new Date(at).toLocaleString("en", {
    month: "short",
    day: "numeric",
    ...(length < 86_400_000 ? { hour: "2-digit", minute: "2-digit", hour12: false } : {}),
  });

interface HistogramProps {
  buckets: Bucket[];
  window: Window;
  onBrush: (window: Window) => void;
}

/** Traces over time, errors in red. Drag over it to look closer. Its place is kept until they were counted. */
export function Histogram({ buckets, ...rest }: Omit<HistogramProps, "buckets"> & { buckets: Bucket[] | undefined }) {
  return buckets ? <Bars buckets={buckets} {...rest} /> : <div className="h-15 shrink-0" />;
}

function Bars({ buckets, window, onBrush }: HistogramProps) {
  const box = useRef<SVGSVGElement>(null);
  const [brush, setBrush] = useState<[number, number] | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const length = bucketLength(window);
  const most = Math.max(1, ...buckets.map((bucket) => bucket.count));
  const total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  const errors = buckets.reduce((sum, bucket) => sum + bucket.errors, 0);
  const index = (event: PointerEvent) => {
    const { left, width } = box.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
    const at = Math.floor(((event.clientX - left) / Math.max(width, 1)) * buckets.length);
    return Math.max(0, Math.min(buckets.length - 1, at));
  };
  const end = () => {
    const [one, other] = brush ?? [];
    setBrush(null);
    if (one === undefined || other === undefined || one === other) return;
    const first = buckets[Math.min(one, other)];
    const last = buckets[Math.max(one, other)];
    if (first && last)
      onBrush({ from: new Date(first.at).toISOString(), to: new Date(last.at + length).toISOString() });
  };
  const shown = over === null ? undefined : buckets[over];
  const height = (value: number) => (value === 0 ? 0 : Math.max(2, (value / most) * HEIGHT));
  return (
    <div className="relative h-15 shrink-0 px-3 pt-1">
      <svg
        ref={box}
        role="img"
        aria-label={`${count(total)} traces over time, ${count(errors)} with errors`}
        viewBox={`0 0 ${Math.max(buckets.length, 1)} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-9 w-full cursor-crosshair touch-pan-y border-b"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setBrush([index(event), index(event)]);
        }}
        onPointerMove={(event) => {
          const at = index(event);
          setOver(at);
          if (brush) setBrush([brush[0], at]);
        }}
        onPointerUp={end}
        onPointerLeave={() => setOver(null)}
      >
        {brush && (
          <rect
            x={Math.min(...brush)}
            width={Math.abs(brush[0] - brush[1]) + 1}
            y="0"
            height={HEIGHT}
            className="fill-accent-soft"
          />
        )}
        {buckets.map((bucket, at) => (
          <g key={bucket.at}>
            <rect
              x={at + 0.1}
              width="0.8"
              y={HEIGHT - height(bucket.count)}
              height={height(bucket.count)}
              className={at === over ? "fill-ink-2" : "fill-line-strong"}
              opacity={at === over ? 1 : 0.55}
            />
            <rect
              x={at + 0.1}
              width="0.8"
              y={HEIGHT - height(bucket.errors)}
              height={height(bucket.errors)}
              className="fill-bad"
            />
          </g>
        ))}
      </svg>
      <div className="num flex h-5 items-center justify-between text-xs text-ink-3" aria-hidden>
        <span>{buckets[0] && label(buckets[0].at, length)}</span>
        {shown && (
          <span className="text-ink">
            {label(shown.at, length)}: {count(shown.count)} {shown.count === 1 ? "trace" : "traces"}
            {shown.errors > 0 && <span className="text-bad">, {count(shown.errors)} with errors</span>}
          </span>
        )}
        <span>{buckets.length > 0 && label((buckets.at(-1)?.at ?? 0) + length, length)}</span>
      </div>
    </div>
  );
}
