import { type FormEvent, useRef, useState } from "react";
import { settingsApi } from "../api";
import type { Invite } from "../api/settings";
import { useHere } from "../app/project";
import { Button } from "../ui/Button";
import { Field, Select } from "../ui/Field";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { useWork } from "../ui/useWork";
import { ROLES, rolesUpTo } from "./roles";

const DAYS = [
  { value: "1", label: "1 day" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
];

/** A link for somebody new: what it makes of them, and how long it works. */
export function InviteForm({
  open,
  onClose,
  onMade,
}: {
  open: boolean;
  onClose: () => void;
  onMade: (invite: Invite) => void;
}) {
  const first = useRef<HTMLSelectElement>(null);
  return (
    <Dialog open={open} onClose={onClose} title="Invite somebody" focus={first}>
      <Body first={first} onClose={onClose} onMade={onMade} />
    </Dialog>
  );
}

function Body({
  first,
  onClose,
  onMade,
}: {
  first: React.RefObject<HTMLSelectElement | null>;
  onClose: () => void;
  onMade: (invite: Invite) => void;
}) {
  const { project } = useHere();
  const [role, setRole] = useState("reviewer");
  const [email, setEmail] = useState("");
  const [days, setDays] = useState("7");
  const { busy, error, run } = useWork();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      const given = email.trim();
      const body = { role, expires_in_days: Number(days), ...(given ? { email: given } : {}) };
      onMade(await settingsApi(project.project_id).invite(body));
      onClose();
    });
  };
  const wrongEmail = error?.field === "email" ? error : null;
  return (
    <form onSubmit={submit} noValidate className="scroll">
      <div className="px-4 pt-4">
        <Field label="Role" id="invite-role" hint={`They may ${ROLES.find((one) => one.role === role)?.may}.`}>
          <Select
            ref={first}
            id="invite-role"
            value={role}
            onChange={(event) => setRole(event.target.value)}
            options={rolesUpTo(project.role).map((one) => ({ value: one.role, label: one.label }))}
          />
        </Field>
        <Field
          label="E-mail (not needed)"
          id="invite-email"
          error={wrongEmail?.message}
          hint="The link then works for this address only. No message is sent: you pass the link on."
        >
          <input
            id="invite-email"
            type="email"
            className="field"
            placeholder="ann@example.com"
            aria-invalid={wrongEmail !== null}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        </Field>
        <Field label="Link is valid for" id="invite-days">
          <Select id="invite-days" value={days} onChange={(event) => setDays(event.target.value)} options={DAYS} />
        </Field>
        {error && !wrongEmail && (
          <div className="mb-4">
            <ErrorLine error={error} />
          </div>
        )}
      </div>
      <div className="flex justify-end gap-2 border-t px-4 py-3">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={busy}>
          Make the link
        </Button>
      </div>
    </form>
  );
}
