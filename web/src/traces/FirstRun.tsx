import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useHere } from "../app/project";
import { CopyButton } from "../ui/Copy";
import { Tabs } from "../ui/Tabs";
import { exportLines } from "./exportLines";

type Way = "openTelemetry" | "orq";

/** Before the first trace: the lines to paste, and a page that waits. */
export function FirstRun({ origin }: { origin: string }) {
  const { project } = useHere();
  const [way, setWay] = useState<Way>("openTelemetry");
  const lines = exportLines(origin, "YOUR_KEY")[way];
  return (
    <div className="mx-auto w-full max-w-[640px] px-4 pt-[8vh] pb-12">
      <h1 className="mb-2 text-lg font-semibold">Send your first trace</h1>
      <p className="mb-6 text-read text-ink-2">
        Paste these lines into the shell of an application that already emits traces. Nothing else changes; what it says
        appears here.
      </p>
      <div className="rounded-[6px] border bg-sheet">
        <div className="border-b">
          <Tabs
            label="Client"
            panel="first-run"
            value={way}
            onChange={setWay}
            tabs={[
              { id: "openTelemetry", label: "OpenTelemetry" },
              { id: "orq", label: "orq SDK" },
            ]}
          />
        </div>
        <div id="first-run" role="tabpanel" aria-labelledby={`first-run-${way}`} className="relative">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll */}
          <pre tabIndex={0} className="scroll p-4 pr-12 font-mono text-sm leading-6">
            {lines.join("\n")}
          </pre>
          <span className="absolute top-2 right-2">
            <CopyButton text={lines.join("\n")} name="Copy the lines" />
          </span>
        </div>
      </div>
      <p className="mt-4 text-sm text-ink-2">
        In the place of <code className="font-mono">YOUR_KEY</code> goes an API key: the first start of the server
        printed one, and <code className="font-mono">postil key create</code> makes more.
      </p>
      <p role="status" className="mt-8 flex items-center gap-2 text-sm">
        <span className="relative flex size-2" aria-hidden>
          <span className="absolute size-2 animate-ping rounded-full bg-accent opacity-60" />
          <span className="size-2 rounded-full bg-accent" />
        </span>
        Waiting for the first span…
      </p>
      <p className="mt-2 text-sm text-ink-2">
        Meanwhile, you can{" "}
        <Link
          to="/p/$project/settings/human-reviews"
          params={{ project: project.key }}
          className="text-accent underline"
        >
          define what people are asked
        </Link>
        .
      </p>
    </div>
  );
}
