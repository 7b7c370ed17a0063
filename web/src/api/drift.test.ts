import { describe, expectTypeOf, it } from "vitest";
import type {
  Action,
  Automation,
  AutomationInput,
  DryRun,
  DryRunInput,
  DryRunTrace,
  Run,
  Stratum,
} from "./automations";
import type { Datapoint, DatapointInput, DatapointOrigin, Dataset } from "./datasets";
import type {
  Claimed,
  Done,
  Progress,
  Queue,
  QueueBars,
  QueueInput,
  QueueItem,
  QueueSeat,
  QueueSummary,
  QueueTrouble,
  QueueView,
  Review,
} from "./queues";
import type { components } from "./schema";
import type { ApiKey, Invite, Member, ProjectInfo } from "./settings";
import type {
  Annotation,
  AnnotationEvent,
  HumanReview,
  Job,
  Log,
  LogDetail,
  Me,
  OpenInvite,
  ReviewVersion,
  SpanDetail,
  SpanSummary,
  TraceExtent,
  TraceSummary,
  View,
  ViewInput,
} from "./types";
import type { Delivery, Webhook, WebhookChange } from "./webhooks";

type Schemas = components["schemas"];
/** The fields that the app reads and the server does not tell. */
type Unknown<Ours, Theirs> = Exclude<keyof Ours, keyof Theirs>;

/** The fields of every variant. */
type Every<Union> = Record<Union extends unknown ? keyof Union : never, unknown>;

/** Checked by the compiler: a field that the API loses or renames breaks the build, not the screen. */
describe("the types of the app", () => {
  it("name only fields that the API has", () => {
    expectTypeOf<Unknown<TraceSummary, Schemas["TraceSummary"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<SpanSummary, Schemas["SpanSummary"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<SpanDetail, Schemas["SpanDetail"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Annotation, Schemas["AnnotationView"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<HumanReview, Schemas["HumanReview"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Log, Schemas["LogView"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<LogDetail, Schemas["LogDetail"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Me, Schemas["MeBody"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<AnnotationEvent, Schemas["AnnotationHistoryEntry"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Annotation["annotator"], Schemas["AnnotatorView"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<ReviewVersion, Schemas["HumanReviewVersion"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Member, Schemas["Member"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Invite, Schemas["Invite"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<ApiKey, Schemas["ApiKey"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<TraceExtent, Schemas["TraceExtent"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Webhook, Schemas["WebhookView"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<WebhookChange, Schemas["WebhookChange"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Delivery, Schemas["WebhookDelivery"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<ProjectInfo, Schemas["Project"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Job, Schemas["JobView"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<View, Schemas["ViewBody"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<ViewInput, Schemas["ViewInput"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Queue, Schemas["QueueBody"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<QueueInput, Schemas["QueueInput"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<QueueView, Schemas["QueueView"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<QueueItem, Schemas["QueueItem"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<QueueSeat, Schemas["QueueSeat"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<QueueSummary, Schemas["QueueSummary"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<QueueBars, Schemas["QueueBars"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<QueueTrouble, Schemas["QueueTrouble"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Progress, Schemas["QueueProgress"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Review, Schemas["QueueReview"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Claimed, Schemas["QueueClaim"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Done, Schemas["QueueMine"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Dataset, Schemas["DatasetView"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Datapoint, Schemas["DatapointView"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<DatapointOrigin, Schemas["DatapointOrigin"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<DatapointInput, Schemas["DatapointInput"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Automation, Schemas["AutomationView"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<AutomationInput, Schemas["AutomationInput"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Every<Action>, Schemas["AutomationAction"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Stratum, Schemas["AutomationStratum"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<DryRunInput, Schemas["AutomationDryRunInput"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<DryRun, Schemas["AutomationDryRun"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<DryRunTrace, Schemas["AutomationDryRunTrace"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<Run, Schemas["AutomationRun"]>>().toEqualTypeOf<never>();
    expectTypeOf<Unknown<OpenInvite, Schemas["OpenInvite"]>>().toEqualTypeOf<never>();
  });
});
