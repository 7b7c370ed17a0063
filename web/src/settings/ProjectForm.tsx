import { type FormEvent, type RefObject, useRef, useState } from "react";
import { settingsApi } from "../api";
import type { ProjectInfo } from "../api/settings";
import { useHere } from "../app/project";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { useWork } from "../ui/useWork";

interface FormProps {
  onClose: () => void;
  onDone: (project: ProjectInfo) => Promise<void>;
}

/** A project that is made, or said anew. */
export function ProjectForm({ of, ...rest }: FormProps & { of: ProjectInfo | "new" | null }) {
  const first = useRef<HTMLInputElement>(null);
  const title = of === "new" || of === null ? "New project" : `Edit ${of.name}`;
  return (
    <Dialog open={of !== null} onClose={rest.onClose} title={title} focus={first}>
      {of && <Body first={first} before={of === "new" ? undefined : of} {...rest} />}
    </Dialog>
  );
}

function Body({
  first,
  before,
  onClose,
  onDone,
}: FormProps & { first: RefObject<HTMLInputElement | null>; before: ProjectInfo | undefined }) {
  const { project } = useHere();
  const api = settingsApi(project.project_id);
  const [name, setName] = useState(before?.name ?? "");
  const [description, setDescription] = useState(before?.description ?? "");
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useWork();
  const wrong = name.trim() === "" ? "Give it a name." : error?.field === "name" ? error.message : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (name.trim() === "") return;
    void run(async () => {
      const body = { name: name.trim(), description };
      const done = before ? await api.changeProject(before.project_id, body) : await api.createProject(body);
      await onDone(done.project);
      onClose();
    });
  };
  return (
    <form onSubmit={submit} noValidate className="scroll">
      <div className="px-4 pt-4">
        <Field
          label="Name"
          id="project-name"
          error={tried ? wrong : undefined}
          {...(before ? { hint: `The address keeps ${before.key}.` } : {})}
        >
          <input
            ref={first}
            id="project-name"
            className="field"
            maxLength={128}
            aria-invalid={tried && Boolean(wrong)}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field
          label="Description"
          id="project-description"
          error={error?.field === "description" ? error.message : undefined}
        >
          <textarea
            id="project-description"
            className="field"
            rows={3}
            maxLength={500}
            value={description}
            onChange={(event) => setDescription(event.target.value)}
          />
        </Field>
        {error && error.field !== "name" && error.field !== "description" && (
          <div className="mb-4">
            <ErrorLine error={error} />
          </div>
        )}
      </div>
      <div className="flex justify-end gap-2 border-t px-4 py-3">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={busy}>
          {before ? "Save" : "Create"}
        </Button>
      </div>
    </form>
  );
}
