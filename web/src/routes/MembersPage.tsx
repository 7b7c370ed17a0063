import { useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { settingsApi } from "../api";
import { asApiError } from "../api/error";
import type { Invite, Member } from "../api/settings";
import { may, useHere } from "../app/project";
import { InviteForm } from "../settings/InviteForm";
import { MemberRow } from "../settings/MemberRow";
import { Page, Section } from "../settings/Page";
import { roleLabel } from "../settings/roles";
import { Secret } from "../settings/Secret";
import { useMembers } from "../settings/useMembers";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { day } from "../ui/dates";
import { exact } from "../ui/format";
import { ErrorPanel, Skeleton } from "../ui/State";
import { toast } from "../ui/Toast";

/** Settings: who has a part in the project. */
export function MembersPage() {
  const here = useHere();
  const { project } = here;
  const { query } = useMembers();
  const client = useQueryClient();
  const [inviting, setInviting] = useState(false);
  const [made, setMade] = useState<Invite | null>(null);
  const runs = may(here, "admin");
  const again = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: [project.key, "members"] }),
      client.invalidateQueries({ queryKey: [project.key, "invites"] }),
    ]);
  return (
    <Page
      title="Members"
      about={`Who has a part in ${project.name}, and what they may do there.`}
      action={
        runs && (
          <Button look="primary" onClick={() => setInviting(true)}>
            <UserPlus size={16} aria-hidden /> Invite
          </Button>
        )
      }
    >
      {made?.path && (
        <Secret
          title={`A link for ${made.email ?? `one ${roleLabel(made.role).toLowerCase()}`}`}
          text={`${window.location.origin}${made.path}`}
          copy="Copy the link"
          onDone={() => setMade(null)}
        >
          {`Send it to them: it is shown only this once, works once, and ends ${day(made.expires_at)}.`}
        </Secret>
      )}
      {query.isPending ? (
        <Skeleton lines={5} className="px-0" />
      ) : query.error ? (
        <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />
      ) : (
        <MemberList members={query.data} onChange={again} />
      )}
      {runs && !query.error && <Invites onChange={again} />}
      <InviteForm
        open={inviting}
        onClose={() => setInviting(false)}
        onMade={(invite) => {
          setMade(invite);
          void again();
        }}
      />
    </Page>
  );
}

function MemberList({ members, onChange }: { members: Member[]; onChange: () => Promise<unknown> }) {
  const { me } = useHere();
  // Oneself first: there one looks for what one may do.
  const mine = (member: Member) => (member.id === me.member?.id ? 0 : 1);
  const sorted = [...members].sort((one, other) => mine(one) - mine(other));
  return (
    <ul aria-label="Members" className="border-t">
      {sorted.map((member) => (
        <MemberRow key={member.id} member={member} onChange={onChange} />
      ))}
    </ul>
  );
}

function Invites({ onChange }: { onChange: () => Promise<unknown> }) {
  const { project } = useHere();
  const { nameOf } = useMembers();
  const api = settingsApi(project.project_id);
  const query = useQuery({
    queryKey: [project.key, "invites"],
    queryFn: async () => (await api.invites()).data.filter(({ status }) => status !== "used"),
  });
  const [revoking, setRevoking] = useState<Invite | null>(null);
  const whom = (invite: Invite | null) => invite?.email ?? "Anybody with the link";
  return (
    <div className="mt-10">
      <Section title="Invites that wait">
        {query.isPending ? (
          <Skeleton lines={2} className="px-0" />
        ) : query.error ? (
          <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />
        ) : query.data.length === 0 ? (
          <p className="text-sm text-ink-2">None. An invite is a link that makes whoever opens it a member.</p>
        ) : (
          <ul aria-label="Invites" className="border-t">
            {query.data.map((invite) => (
              <li key={invite.id} className="flex min-h-13 items-center gap-3 border-b py-2">
                <div className="min-w-0 flex-1">
                  <div className="truncate font-medium">{whom(invite)}</div>
                  <div className="text-xs text-ink-2">
                    {roleLabel(invite.role)} · by {nameOf(invite.created_by_id)} ·{" "}
                    <time dateTime={invite.expires_at} title={exact(invite.expires_at)}>
                      {invite.status === "expired" ? "ended" : "ends"} {day(invite.expires_at)}
                    </time>
                  </div>
                </div>
                <Button
                  small
                  aria-label={`${invite.status === "expired" ? "Remove" : "Revoke"} the invite for ${whom(invite)}`}
                  onClick={() => setRevoking(invite)}
                >
                  {invite.status === "expired" ? "Remove" : "Revoke"}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Confirm
        open={revoking !== null}
        onClose={() => setRevoking(null)}
        title="Revoke this invite?"
        action="Revoke"
        run={async () => {
          await api.revokeInvite(revoking?.id ?? "");
          await onChange();
          toast("The invite is revoked");
        }}
      >
        <p>{whom(revoking)}: the link stops working at once.</p>
      </Confirm>
    </div>
  );
}
