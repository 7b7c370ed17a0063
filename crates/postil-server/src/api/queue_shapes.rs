//! What annotation queues look like in JSON.

use std::collections::HashMap;

use postil::clock::{parse_rfc3339, rfc3339};
use postil::project::{Caller, people};
use postil::queue::{
    self, Change, Correction, EvaluatorsShown, MessagesShown, Order, OrderBy, Own, Progress, Question, Queue, Team,
    View,
};
use postil::{Error, Result, Tx};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::state::App;

/// A human review that a queue asks.
#[derive(Deserialize, ToSchema)]
pub struct QueueQuestionInput {
    human_review_id: String,
    /// Whether an item cannot be submitted without it.
    #[serde(default)]
    required: bool,
}

/// A human review that a queue asks, with its key.
#[derive(Serialize, ToSchema)]
pub struct QueueQuestion {
    human_review_id: String,
    /// Absent when it is out of use.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    required: bool,
}

/// The order of the items of a queue, behind their priority.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct QueueOrder {
    /// `oldest`, `newest`, `random` (stable for each reviewer) or `field`.
    by: String,
    /// `evaluator.<id or name>`, `annotation.<key>` or `disagreement.<key>`, for `field`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The greatest first, for `field`.
    #[serde(default)]
    descending: bool,
}

/// What reviewers see of an item.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct QueueView {
    /// `all`, `last` (the last question and its answer) or `none`.
    #[schema(value_type = String)]
    messages: MessagesShown,
    /// Whether system messages are among them.
    system: bool,
    /// The names of the attributes that are shown; at most 100.
    attributes: Vec<String>,
    /// The names of the metadata that are shown; at most 100.
    metadata: Vec<String>,
    /// `shown`, `hidden`, or `after` one has submitted.
    #[schema(value_type = String)]
    evaluators: EvaluatorsShown,
    /// Names of attributes and metadata whose values reviewers never see; at most 100.
    masked: Vec<String>,
}

impl Default for QueueView {
    fn default() -> QueueView {
        View::default().into()
    }
}

impl From<View> for QueueView {
    fn from(view: View) -> QueueView {
        let View { messages, system, attributes, metadata, evaluators, masked } = view;
        QueueView { messages, system, attributes, metadata, evaluators, masked }
    }
}

impl From<QueueView> for View {
    fn from(view: QueueView) -> View {
        let QueueView { messages, system, attributes, metadata, evaluators, masked } = view;
        View { messages, system, attributes, metadata, evaluators, masked }
    }
}

/// A queue to make, or what to change of one; what is not sent stays as it is.
#[derive(Deserialize, ToSchema)]
pub struct QueueInput {
    /// 1 to 255 characters; required when a queue is made.
    display_name: Option<String>,
    /// At most 2000 characters.
    description: Option<String>,
    /// What reviewers read before they begin, in Markdown; at most 20,000 characters.
    instructions: Option<String>,
    /// What is asked, in this order; empty: every human review of the project, none of them required. At most 50.
    questions: Option<Vec<QueueQuestionInput>>,
    /// How many people judge each item, 1 to 10.
    overlap: Option<i64>,
    /// Whether nobody sees another's answer until the item is complete.
    blind: Option<bool>,
    /// How long an item is left to a reviewer who gives no sign of life, 30 to 86,400; 300 when nothing is said.
    lease_seconds: Option<i64>,
    order: Option<QueueOrder>,
    /// Whether a corrected answer is asked for: `none`, `optional` or `required`.
    correction: Option<String>,
    /// Whether everybody who may review in the project may review here; else those who are named.
    open_to_all: Option<bool>,
    /// When it is to be done; `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Option<String>>,
    view: Option<QueueView>,
}

/// A field that is absent, null, or holds something.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl QueueInput {
    /// What it says, as far as it can be understood.
    pub fn read(self) -> Result<Change> {
        let word = |field: &str, valid: &str| {
            Error::field("invalid_value", field, format!("Invalid value. Valid options are: {valid}."))
        };
        let order = self.order.map(|order| {
            let by = OrderBy::parse(&order.by).ok_or_else(|| word("order.by", "oldest, newest, random, field"))?;
            let field = order.field.filter(|_| by == OrderBy::Field);
            Ok(Order { by, field, descending: order.descending && by == OrderBy::Field })
        });
        let correction = self
            .correction
            .map(|given| Correction::parse(&given).ok_or_else(|| word("correction", "none, optional, required")));
        let moment = |text: String| {
            let wrong = "due_at must be a time such as 2026-11-21T10:00:00Z.";
            parse_rfc3339(&text).ok_or_else(|| Error::field("invalid_value", "due_at", wrong))
        };
        let question =
            |given: QueueQuestionInput| Question { human_review_id: given.human_review_id, required: given.required };
        Ok(Change {
            display_name: self.display_name,
            description: self.description,
            instructions: self.instructions,
            questions: self.questions.map(|questions| questions.into_iter().map(question).collect()),
            overlap: self.overlap,
            blind: self.blind,
            lease_seconds: self.lease_seconds,
            order: order.transpose()?,
            correction: correction.transpose()?,
            open_to_all: self.open_to_all,
            view: self.view.map(View::from),
            due_at: self.due_at.map(|due_at| due_at.map(moment).transpose()).transpose()?,
        })
    }
}

/// Somebody, by id and name.
#[derive(Clone, Serialize, ToSchema)]
pub struct QueuePerson {
    id: String,
    /// The id, when there is no name.
    display_name: String,
}

impl QueuePerson {
    /// Somebody with the name that is known of them.
    pub fn named(id: &str, names: &HashMap<String, String>) -> QueuePerson {
        QueuePerson { id: id.to_owned(), display_name: names.get(id).cloned().unwrap_or_else(|| id.to_owned()) }
    }
}

/// How far a queue is.
#[derive(Serialize, ToSchema)]
pub struct QueueProgress {
    /// Items.
    total: i64,
    /// Items with as many answers as they need.
    completed: i64,
    /// Items somebody has now.
    in_review: i64,
    /// Items that were answered and need more answers.
    needs_others: i64,
    /// Items nobody has answered or has now.
    to_do: i64,
    /// Items whose span is no longer stored.
    orphaned: i64,
    /// Submissions.
    answers: i64,
    mine: QueueOwnProgress,
}

/// How far the caller is in a queue.
#[derive(Serialize, ToSchema)]
pub struct QueueOwnProgress {
    submitted: i64,
    skipped: i64,
    declined: i64,
    /// Items the caller may still judge, those that are with others now included.
    left: i64,
}

impl From<Progress> for QueueProgress {
    fn from(progress: Progress) -> QueueProgress {
        let Progress { team, own, left } = progress;
        let Team { total, completed, in_review, needs_others, to_do, orphaned, answers, .. } = team;
        let Own { submitted, skipped, declined, .. } = own;
        let mine = QueueOwnProgress { submitted, skipped, declined, left };
        QueueProgress { total, completed, in_review, needs_others, to_do, orphaned, answers, mine }
    }
}

/// An annotation queue.
#[derive(Serialize, ToSchema)]
pub struct QueueBody {
    id: String,
    project_id: String,
    display_name: String,
    description: String,
    /// What reviewers read before they begin, in Markdown.
    instructions: String,
    /// What is asked, in this order; empty: every human review of the project, none of them required.
    questions: Vec<QueueQuestion>,
    overlap: i64,
    blind: bool,
    lease_seconds: i64,
    order: QueueOrder,
    /// `none`, `optional` or `required`.
    correction: &'static str,
    open_to_all: bool,
    /// Those whom the queue names.
    reviewers: Vec<QueuePerson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
    view: QueueView,
    progress: QueueProgress,
    /// Whether the caller may review here.
    may_review: bool,
    created_at: String,
    updated_at: String,
    created_by: QueuePerson,
    updated_by: QueuePerson,
}

/// A queue as a caller sees it.
pub fn body(tx: &mut Tx<'_>, app: &App, caller: &Caller, queue: Queue) -> Result<QueueBody> {
    let reviewers = queue::reviewers(tx, &queue)?;
    let mut people: Vec<&str> = reviewers.iter().map(String::as_str).collect();
    people.extend([queue.created_by.as_str(), queue.updated_by.as_str()]);
    let names = people::names(tx, caller, &people)?;
    let asked = if queue.questions.is_empty() { Vec::new() } else { queue::definitions(tx, &queue)? };
    let key = |id: &str| asked.iter().find(|(review, _)| review.id == id).map(|(review, _)| review.key.clone());
    let questions = queue.questions.iter().map(|question| QueueQuestion {
        human_review_id: question.human_review_id.clone(),
        key: key(&question.human_review_id),
        required: question.required,
    });
    Ok(QueueBody {
        questions: questions.collect(),
        reviewers: reviewers.iter().map(|id| QueuePerson::named(id, &names)).collect(),
        progress: app.queue_progress.of(tx, &queue, caller.actor.id(), app.clock.now())?.into(),
        may_review: queue::may_review(tx, caller, &queue)?,
        created_by: QueuePerson::named(&queue.created_by, &names),
        updated_by: QueuePerson::named(&queue.updated_by, &names),
        id: queue.id,
        project_id: queue.project.id,
        display_name: queue.display_name,
        description: queue.description,
        instructions: queue.instructions,
        overlap: queue.overlap,
        blind: queue.blind,
        lease_seconds: queue.lease_seconds,
        order: QueueOrder {
            by: queue.order.by.name().to_owned(),
            field: queue.order.field,
            descending: queue.order.descending,
        },
        correction: queue.correction.name(),
        open_to_all: queue.open_to_all,
        due_at: queue.due_at.map(rfc3339),
        view: queue.view.into(),
        created_at: rfc3339(queue.created_at),
        updated_at: rfc3339(queue.updated_at),
    })
}
