import { Download } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { datasetsApi } from "../api/datasets";
import type { HumanReview } from "../api/types";
import { useHere } from "../app/project";
import { Button } from "../ui/Button";
import { DownloadButton } from "../ui/DownloadButton";
import { Field, Select } from "../ui/Field";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";

const TIMES = [
  { value: "", label: "All time" },
  { value: "1", label: "The last 24 hours" },
  { value: "7", label: "The last 7 days" },
  { value: "30", label: "The last 30 days" },
  { value: "90", label: "The last 90 days" },
];
const DAY = 86_400_000;

/** A button that hands over what people said as a file. */
export function ExportAnnotations({ reviews }: { reviews: HumanReview[] }) {
  const [open, setOpen] = useState(false);
  const first = useRef<HTMLSelectElement>(null);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Download size={14} aria-hidden /> Export annotations
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title="Export annotations" focus={first}>
        <Body reviews={reviews} onClose={() => setOpen(false)} first={first} />
      </Dialog>
    </>
  );
}

function Body({
  reviews,
  onClose,
  first,
}: {
  reviews: HumanReview[];
  onClose: () => void;
  first: React.RefObject<HTMLSelectElement | null>;
}) {
  const { project } = useHere();
  const [key, setKey] = useState("");
  const [days, setDays] = useState("");
  const [format, setFormat] = useState("csv");
  const { busy, error, run } = useWork();
  const [bytes, setBytes] = useState(0);
  const name = `${["annotations", key].filter(Boolean).join("-")}.${format}`;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBytes(0);
    void run(async () => {
      const from = days ? new Date(Date.now() - Number(days) * DAY).toISOString() : "";
      await datasetsApi(project.project_id).exportAnnotations({ format, key, from }, name, setBytes);
      toast(`${name} is downloaded`);
      onClose();
    });
  };
  return (
    <form onSubmit={submit} noValidate className="scroll">
      <div className="px-4 pt-4">
        <Field label="Human review" id="export-key">
          <Select
            ref={first}
            id="export-key"
            value={key}
            onChange={(event) => setKey(event.target.value)}
            options={[
              { value: "", label: "All of them" },
              ...reviews.map((review) => ({
                value: review.key,
                label: review.archived ? `${review.display_name} (archived)` : review.display_name,
              })),
            ]}
          />
        </Field>
        <Field label="Said or changed in" id="export-days">
          <Select id="export-days" value={days} onChange={(event) => setDays(event.target.value)} options={TIMES} />
        </Field>
        <Field
          label="As"
          id="export-format"
          hint="One row for every value: who said it, when, from where, why, and under which version of the question."
        >
          <Select
            id="export-format"
            value={format}
            onChange={(event) => setFormat(event.target.value)}
            options={[
              { value: "csv", label: "CSV, for spreadsheets" },
              { value: "jsonl", label: "JSON lines, for programs" },
              { value: "parquet", label: "Parquet, for pandas and its like" },
            ]}
          />
        </Field>
        {error && <ErrorLine error={error} />}
      </div>
      <div className="flex items-center justify-end gap-2 border-t px-4 py-3">
        <span className="min-w-0 flex-1 truncate font-mono text-xs text-ink-2" title={name}>
          {name}
        </span>
        <Button onClick={onClose}>Cancel</Button>
        <DownloadButton busy={busy} bytes={bytes} />
      </div>
    </form>
  );
}
