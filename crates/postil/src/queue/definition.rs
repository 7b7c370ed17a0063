//! What a queue is: who is asked what, of which items in which order, and what they see. Pure.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::project::ProjectRef;
use crate::trace::filter::Field;

/// How many people may judge one item.
pub const MOST_OVERLAP: i64 = 10;
/// How long a lease may be, in seconds.
pub const LEASE_SECONDS: std::ops::RangeInclusive<i64> = 30..=86_400;
const DEFAULT_LEASE: i64 = 300;
const MOST_NAME: usize = 255;
const MOST_DESCRIPTION: usize = 2000;
const MOST_INSTRUCTIONS: usize = 20_000;
const MOST_QUESTIONS: usize = 50;
const MOST_NAMES: usize = 100;
const MOST_KEY: usize = 255;

/// A human review that a queue asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The id of the human review.
    pub human_review_id: String,
    /// Whether an item cannot be submitted without it.
    pub required: bool,
}

/// By what the items of a queue are ordered, behind their priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderBy {
    /// The oldest conversation first.
    #[default]
    Oldest,
    /// The newest conversation first.
    Newest,
    /// By chance, but stable for each reviewer.
    Random,
    /// By what was said of the conversation: `evaluator.<id or name>`, `annotation.<key>` or `disagreement.<key>`.
    Field,
}

impl OrderBy {
    const ALL: [OrderBy; 4] = [OrderBy::Oldest, OrderBy::Newest, OrderBy::Random, OrderBy::Field];

    /// The word as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            OrderBy::Oldest => "oldest",
            OrderBy::Newest => "newest",
            OrderBy::Random => "random",
            OrderBy::Field => "field",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<OrderBy> {
        OrderBy::ALL.into_iter().find(|order| order.name() == text)
    }
}

/// The order of the items of a queue, behind their priority.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// By what.
    pub by: OrderBy,
    /// By which field, for [`OrderBy::Field`].
    pub field: Option<String>,
    /// The greatest first, for [`OrderBy::Field`].
    pub descending: bool,
}

/// The field of [`OrderBy::Field`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderField {
    /// The score of an evaluator, by its id or name.
    Evaluator(String),
    /// The value of a human review, by its key or id.
    Annotation(String),
    /// How far annotators are apart on a human review, by its key or id.
    Disagreement(String),
}

impl OrderField {
    /// Reads the name of a field.
    pub fn parse(text: &str) -> Option<OrderField> {
        if let Some(key) = text.strip_prefix("disagreement.") {
            return match Field::parse(&format!("annotation.{key}"))? {
                Field::Annotation(key) => Some(OrderField::Disagreement(key)),
                _ => None,
            };
        }
        match Field::parse(text)? {
            Field::Evaluator(key) => Some(OrderField::Evaluator(key)),
            Field::Annotation(key) => Some(OrderField::Annotation(key)),
            _ => None,
        }
    }
}

impl Order {
    fn check(&self) -> Result<()> {
        match (self.by, self.field.as_deref()) {
            (OrderBy::Field, None) => {
                Err(Error::field("missing_field", "order.field", "order.field is required to order by a field."))
            }
            (OrderBy::Field, Some(field)) if field.len() > MOST_KEY || OrderField::parse(field).is_none() => {
                let message = "order.field must be evaluator.<id or name>, annotation.<key> or disagreement.<key>.";
                Err(Error::field("invalid_value", "order.field", message))
            }
            _ => Ok(()),
        }
    }

    /// The field, when the order is by one.
    pub fn parsed_field(&self) -> Option<OrderField> {
        self.field.as_deref().filter(|_| self.by == OrderBy::Field).and_then(OrderField::parse)
    }
}

/// Whether reviewers are asked for the answer that should have been given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Correction {
    /// No.
    #[default]
    None,
    /// Those who want to may give one.
    Optional,
    /// An item cannot be submitted without one.
    Required,
}

impl Correction {
    const ALL: [Correction; 3] = [Correction::None, Correction::Optional, Correction::Required];

    /// The word as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Correction::None => "none",
            Correction::Optional => "optional",
            Correction::Required => "required",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Correction> {
        Correction::ALL.into_iter().find(|correction| correction.name() == text)
    }
}

/// Which messages of a conversation a reviewer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessagesShown {
    /// All.
    #[default]
    All,
    /// The last question and its answer.
    Last,
    /// None.
    None,
}

/// Whether a reviewer sees what evaluators said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluatorsShown {
    /// Yes.
    #[default]
    Shown,
    /// No.
    Hidden,
    /// Once they have submitted.
    After,
}

/// What reviewers see of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Which messages.
    pub messages: MessagesShown,
    /// Whether system messages are among them.
    pub system: bool,
    /// The names of the attributes that are shown.
    pub attributes: Vec<String>,
    /// The names of the metadata that are shown.
    pub metadata: Vec<String>,
    /// Whether they see what evaluators said.
    pub evaluators: EvaluatorsShown,
    /// Names of attributes and metadata whose values reviewers never see.
    pub masked: Vec<String>,
}

impl Default for View {
    fn default() -> View {
        View {
            messages: MessagesShown::All,
            system: true,
            attributes: Vec::new(),
            metadata: Vec::new(),
            evaluators: EvaluatorsShown::Shown,
            masked: Vec::new(),
        }
    }
}

impl View {
    fn check(&self) -> Result<()> {
        let lists = [("attributes", &self.attributes), ("metadata", &self.metadata), ("masked", &self.masked)];
        for (name, list) in lists {
            if list.len() > MOST_NAMES {
                let field = format!("view.{name}");
                return Err(Error::field(
                    "invalid_count",
                    &*field,
                    format!("{field} takes at most {MOST_NAMES} names."),
                ));
            }
            for (at, entry) in list.iter().enumerate() {
                length(Some(entry), 1, MOST_KEY, &format!("view.{name}[{at}]"))?;
            }
        }
        Ok(())
    }
}

/// An annotation queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// Its id, a ULID.
    pub id: String,
    /// The project it belongs to.
    pub project: ProjectRef,
    /// Its name.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// What reviewers read before they begin, in Markdown.
    pub instructions: String,
    /// What is asked, in this order; empty: every human review of the project, none of them required.
    pub questions: Vec<Question>,
    /// How many people judge each item.
    pub overlap: i64,
    /// Whether nobody sees another's answer until the item is complete.
    pub blind: bool,
    /// How long an item is left to a reviewer who gives no sign of life, in seconds.
    pub lease_seconds: i64,
    /// In which order items are judged, behind their priority.
    pub order: Order,
    /// Whether a corrected answer is asked for.
    pub correction: Correction,
    /// Whether everybody who may review in the project may review here; else those who are named.
    pub open_to_all: bool,
    /// What reviewers see of an item.
    pub view: View,
    /// When it is to be done, in microseconds.
    pub due_at: Option<i64>,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

/// What a call says of a queue; what it does not mention stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Its name.
    pub display_name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What reviewers read before they begin.
    pub instructions: Option<String>,
    /// What is asked; empty: every human review of the project.
    pub questions: Option<Vec<Question>>,
    /// How many people judge each item.
    pub overlap: Option<i64>,
    /// Whether answers of others stay hidden.
    pub blind: Option<bool>,
    /// How long a lease is, in seconds.
    pub lease_seconds: Option<i64>,
    /// In which order items are judged.
    pub order: Option<Order>,
    /// Whether a corrected answer is asked for.
    pub correction: Option<Correction>,
    /// Whether everybody who may review in the project may review here.
    pub open_to_all: Option<bool>,
    /// What reviewers see.
    pub view: Option<View>,
    /// When it is to be done; `Some(None)` takes it away.
    pub due_at: Option<Option<i64>>,
}

fn length(text: Option<&str>, least: usize, most: usize, field: &str) -> Result<()> {
    let Some(text) = text else { return Ok(()) };
    if (least..=most).contains(&text.chars().count()) {
        return Ok(());
    }
    let message = match least {
        0 => format!("{field} must be at most {most} characters long."),
        _ => format!("{field} must be {least} to {most} characters long."),
    };
    Err(Error::field("invalid_length", field, message))
}

fn within(number: Option<i64>, range: std::ops::RangeInclusive<i64>, field: &str) -> Result<()> {
    if number.is_none_or(|number| range.contains(&number)) {
        return Ok(());
    }
    let message = format!("{field} must be from {} to {}.", range.start(), range.end());
    Err(Error::field("invalid_value", field, message))
}

impl Change {
    pub(super) fn check(&self) -> Result<()> {
        length(self.display_name.as_deref().map(str::trim), 1, MOST_NAME, "display_name")?;
        length(self.description.as_deref(), 0, MOST_DESCRIPTION, "description")?;
        length(self.instructions.as_deref(), 0, MOST_INSTRUCTIONS, "instructions")?;
        within(self.overlap, 1..=MOST_OVERLAP, "overlap")?;
        within(self.lease_seconds, LEASE_SECONDS, "lease_seconds")?;
        self.order.as_ref().map_or(Ok(()), Order::check)?;
        self.view.as_ref().map_or(Ok(()), View::check)?;
        let questions = self.questions.as_deref().unwrap_or_default();
        if questions.len() > MOST_QUESTIONS {
            let message = format!("questions takes at most {MOST_QUESTIONS} entries.");
            return Err(Error::field("invalid_count", "questions", message));
        }
        for (at, question) in questions.iter().enumerate() {
            if questions[..at].iter().any(|before| before.human_review_id == question.human_review_id) {
                let field = format!("questions[{at}].human_review_id");
                return Err(Error::field("duplicate", &*field, format!("{field} is asked already.")));
            }
        }
        Ok(())
    }

    /// The queue with this change.
    pub(super) fn on(&self, queue: Queue) -> Queue {
        Queue {
            display_name: self.display_name.as_ref().map_or(queue.display_name, |name| name.trim().to_owned()),
            description: self.description.clone().unwrap_or(queue.description),
            instructions: self.instructions.clone().unwrap_or(queue.instructions),
            questions: self.questions.clone().unwrap_or(queue.questions),
            overlap: self.overlap.unwrap_or(queue.overlap),
            blind: self.blind.unwrap_or(queue.blind),
            lease_seconds: self.lease_seconds.unwrap_or(queue.lease_seconds),
            order: self.order.clone().unwrap_or(queue.order),
            correction: self.correction.unwrap_or(queue.correction),
            open_to_all: self.open_to_all.unwrap_or(queue.open_to_all),
            view: self.view.clone().unwrap_or(queue.view),
            due_at: self.due_at.unwrap_or(queue.due_at),
            ..queue
        }
    }
}

impl Queue {
    /// A queue as it is before anything is said of it.
    pub(super) fn blank(id: String, project: ProjectRef, who: &str, now: i64) -> Queue {
        Queue {
            id,
            project,
            display_name: String::new(),
            description: String::new(),
            instructions: String::new(),
            questions: Vec::new(),
            overlap: 1,
            blind: false,
            lease_seconds: DEFAULT_LEASE,
            order: Order::default(),
            correction: Correction::None,
            open_to_all: true,
            view: View::default(),
            due_at: None,
            created_by: who.to_owned(),
            updated_by: who.to_owned(),
            created_at: now,
            updated_at: now,
        }
    }
}
