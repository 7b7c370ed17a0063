import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { asApiError } from "../api/error";
import { useHere } from "../app/project";
import { DeskView } from "../queues/DeskView";
import { queueQuery } from "../queues/queries";
import { StartPage } from "../queues/StartPage";
import { useQueuesApi } from "../queues/useDesk";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";

const route = getRouteApi("/inside/p/$project/queues/$queue/review");

/** Reviewing in one queue: first what it is about, then one item after the other. */
export function ReviewPage() {
  const { project } = useHere();
  const { queue: id } = route.useParams();
  const { go } = route.useSearch();
  const navigate = route.useNavigate();
  const api = useQueuesApi();
  const query = useQuery(queueQuery(api, project.key, id));
  if (query.isPending) return <Skeleton lines={6} />;
  // In the middle of the work what was read before counts: what was written must not go away with the page.
  const queue = query.data;
  if (!queue) return <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />;
  if (!queue.may_review)
    return (
      <Empty title="This queue is not yours to review">
        <p className="mb-3">Whoever manages {queue.display_name} can add you to its reviewers.</p>
        <Link to="/p/$project/queues" params={{ project: project.key }} className="text-accent underline">
          Your queues
        </Link>
      </Empty>
    );
  if (!go) return <StartPage queue={queue} start={() => void navigate({ search: { go: true }, replace: true })} />;
  return <DeskView key={id} queue={queue} />;
}
