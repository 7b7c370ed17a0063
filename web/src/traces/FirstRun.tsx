import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { settingsApi } from "../api";
import { may, useHere } from "../app/project";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/Copy";
import { ErrorLine } from "../ui/State";
import { Tabs } from "../ui/Tabs";
import { useWork } from "../ui/useWork";
import { exportLines } from "./exportLines";

/** A key for the first application, made when somebody asks for it; kept only while the page is open. */
function useFirstKey() {
  const here = useHere();
  const { project } = here;
  const client = useQueryClient();
  const [key, setKey] = useState<string>();
  const { busy, error, run } = useWork();
  const make = () =>
    void run(async () => {
      const made = await settingsApi(project.project_id).createApiKey({
        name: "first application",
        scopes: ["ingest", "annotate", "read"],
        project_scope: { mode: "single", project_id: project.project_id },
      });
      setKey(made.token);
      await client.invalidateQueries({ queryKey: [project.key, "api-keys"] });
    });
  return { key, making: busy, error, make: may(here, "admin") ? make : undefined };
}

type Way = "openTelemetry" | "orq";

/** Before the first trace: the lines to paste, and a page that waits. */
export function FirstRun({ origin }: { origin: string }) {
  const { project } = useHere();
  const [way, setWay] = useState<Way>("openTelemetry");
  const { key, making, error, make } = useFirstKey();
  const lines = exportLines(origin, key ?? "YOUR_KEY")[way];
  return (
    <div className="mx-auto w-full max-w-[640px] px-4 pt-[8vh] pb-12">
      <h1 className="mb-2 text-lg font-semibold">Send your first trace</h1>
      <p className="mb-6 text-read text-ink-2">
        Paste these lines into the shell of an application that already emits traces. Nothing else changes; what it says
        appears here.
      </p>
      <div className="rounded-[6px] border bg-sheet">
        <div className="flex items-center justify-between border-b pr-1.5">
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
          <CopyButton text={lines.join("\n")} name="Copy the lines" />
        </div>
        <div id="first-run" role="tabpanel" aria-labelledby={`first-run-${way}`}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll */}
          <pre tabIndex={0} className="scroll p-4 font-mono text-sm leading-6">
            {lines.join("\n")}
          </pre>
        </div>
      </div>
      {key ? (
        <p role="status" className="mt-4 text-sm">
          The key stands in the lines. Copy them now: it is shown only this once.
        </p>
      ) : make ? (
        <div className="mt-4 flex flex-wrap items-center gap-3">
          <Button look="primary" disabled={making} onClick={make}>
            <KeyRound size={16} aria-hidden /> Create a key
          </Button>
          <span className="min-w-0 flex-1 basis-60 text-sm text-ink-2">
            It takes the place of <code className="font-mono">YOUR_KEY</code>. One you have already, such as the one
            that the first start printed, works as well.
          </span>
        </div>
      ) : (
        <p className="mt-4 text-sm text-ink-2">
          In the place of <code className="font-mono">YOUR_KEY</code> goes an API key: ask an admin of this project for
          one.
        </p>
      )}
      {error && (
        <div className="mt-2">
          <ErrorLine error={error} />
        </div>
      )}
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
