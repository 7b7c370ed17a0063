//! One filter, two readings: the single filter type of lists, views, queues, automations and exports.
//!
//! A [`Filter`] is read from the wire ([`Filter::from_wire`]) or from text ([`oql`]), and checked there. It compiles to SQL
//! over the table `trace` ([`Filter::to_sql`]) and looks at one trace in memory ([`Filter::matches`]).
//!
//! A field yields any number of values of a trace: a column yields one or none, tags one each, a span's field one for
//! every span, an annotation one for every annotator (a multi select one for every chosen option). A condition holds
//! when *some* value passes its test; `neq`, `not_in`, `not_contains` and `not_exists` hold when *none* does.
//! `contains` does not mind the case of ASCII letters.

mod condition;
mod facts;
pub mod field;
pub mod oql;
mod sql;
mod store;

pub use condition::{Condition, Op, Test, Wanted};
pub use facts::{Keys, Needs, SpanColumns, TraceFacts, ValueFact};
pub use field::Field;
pub use sql::SqlBuilder;
pub(in crate::trace) use sql::seen;
pub use store::{load_facts, load_many};

use crate::error::{Error, Result};
use crate::project::Reader;

/// How many conditions a filter may have.
pub const MAX_CONDITIONS: usize = 50;
/// How many values a condition may have.
pub const MAX_VALUES: usize = 100;
/// How many characters a value may have.
pub const MAX_VALUE_LENGTH: usize = 1000;
/// How deep conditions may be nested.
pub const MAX_DEPTH: usize = 10;

/// Which traces are meant.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these hold; without any, every trace is meant.
    All(Vec<Filter>),
    /// One of these holds.
    Any(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// This condition holds.
    Is(Condition),
}

/// How the conditions of a request are joined: its `filter_operator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Join {
    /// All hold.
    #[default]
    And,
    /// One holds.
    Or,
}

impl Join {
    /// Reads `filter_operator`; absent means `and`.
    pub fn parse(text: Option<&str>) -> Result<Join> {
        match text.map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "and") => Ok(Join::And),
            Some("or") => Ok(Join::Or),
            Some(other) => Err(Error::field(
                "invalid_filter",
                "filter_operator",
                format!("filter_operator must be 'and' or 'or', not '{other}'."),
            )),
        }
    }
}

/// A condition as clients send it: everything is optional and every value is text.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct WireCondition {
    /// The field.
    pub field: Option<String>,
    /// The operator.
    pub op: Option<String>,
    /// The values.
    pub values: Vec<String>,
}

impl Filter {
    /// The filter that every trace passes.
    pub fn everything() -> Filter {
        Filter::All(Vec::new())
    }

    /// Whether this is that filter.
    pub fn is_everything(&self) -> bool {
        matches!(self, Filter::All(all) if all.is_empty())
    }

    /// Reads and checks the conditions of a request; `path` is where they stand in it, such as `filters`.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the place of the first mistake.
    pub fn from_wire(conditions: &[WireCondition], join: Join, path: &str) -> Result<Filter> {
        if conditions.is_empty() {
            return Ok(Filter::everything());
        }
        let mut all = Vec::new();
        for (at, condition) in conditions.iter().enumerate() {
            let place = format!("{path}[{at}]");
            let missing = |what: &str| {
                Error::field("invalid_filter", format!("{place}.{what}"), format!("{place}.{what} is required."))
            };
            let field = condition.field.as_deref().filter(|text| !text.is_empty()).ok_or_else(|| missing("field"))?;
            let op = condition.op.as_deref().filter(|text| !text.is_empty()).ok_or_else(|| missing("op"))?;
            all.push(Filter::is(field, op, &condition.values, &place)?);
        }
        let filter = match join {
            Join::And => Filter::All(all),
            Join::Or => Filter::Any(all),
        };
        filter.check_size(path)?;
        Ok(filter)
    }

    /// One condition, checked.
    pub fn is(field: &str, op: &str, values: &[String], place: &str) -> Result<Filter> {
        let (condition, negated) = Condition::new(field, op, values, place)?;
        let filter = Filter::Is(condition);
        Ok(if negated { Filter::Not(Box::new(filter)) } else { filter })
    }

    /// Traces where `text` occurs in the name, the previews, the error, the trace, session or user id or a model.
    pub fn free_text(text: &str) -> Result<Filter> {
        if text.chars().count() > MAX_VALUE_LENGTH {
            let message = format!("query is longer than {MAX_VALUE_LENGTH} characters.");
            return Err(Error::field("invalid_filter", "query", message));
        }
        Filter::is("text", "contains", &[text.to_owned()], "query")
    }

    /// This filter and another.
    #[must_use]
    pub fn and(self, other: Filter) -> Filter {
        match self {
            Filter::All(mut all) => {
                all.push(other);
                Filter::All(all)
            }
            single => Filter::All(vec![single, other]),
        }
    }

    /// Refuses filters with too many conditions or too deep a nesting.
    pub(super) fn check_size(&self, path: &str) -> Result<()> {
        let (conditions, depth) = self.size();
        if conditions > MAX_CONDITIONS {
            let message = format!("{path} has {conditions} conditions; at most {MAX_CONDITIONS} are allowed.");
            return Err(Error::field("invalid_filter", path, message));
        }
        // A negation inside a condition (neq) is no nesting the sender wrote.
        if depth > MAX_DEPTH + 1 {
            let message = format!("{path} is nested deeper than {MAX_DEPTH} levels.");
            return Err(Error::field("invalid_filter", path, message));
        }
        Ok(())
    }

    fn size(&self) -> (usize, usize) {
        match self {
            Filter::Is(_) => (1, 0),
            Filter::Not(inner) => {
                let (conditions, depth) = inner.size();
                (conditions, depth + 1)
            }
            Filter::All(inner) | Filter::Any(inner) => {
                let sizes = inner.iter().map(Filter::size);
                let (conditions, depth) =
                    sizes.fold((0, 0), |sum: (usize, usize), size| (sum.0 + size.0, sum.1.max(size.1)));
                (conditions, depth + 1)
            }
        }
    }

    /// The conditions that every matching trace fulfils: those joined by `and` at the top.
    pub fn required(&self) -> Vec<&Condition> {
        match self {
            Filter::Is(condition) => vec![condition],
            Filter::All(all) => all.iter().flat_map(Filter::required).collect(),
            Filter::Any(any) if any.len() == 1 => any[0].required(),
            Filter::Any(_) | Filter::Not(_) => Vec::new(),
        }
    }

    /// The same filter for somebody: annotations that are not yet to be known to them do not count.
    #[must_use]
    pub fn seen_by(self, reader: &Reader) -> Filter {
        let each = |inner: Vec<Filter>| inner.into_iter().map(|filter| filter.seen_by(reader)).collect();
        match self {
            Filter::All(inner) => Filter::All(each(inner)),
            Filter::Any(inner) => Filter::Any(each(inner)),
            Filter::Not(inner) => Filter::Not(Box::new(inner.seen_by(reader))),
            Filter::Is(condition) => Filter::Is(Condition { reader: Some(reader.clone()), ..condition }),
        }
    }

    /// What of a trace must be known to say whether it passes.
    pub fn needs(&self) -> Needs {
        match self {
            Filter::All(inner) | Filter::Any(inner) => {
                inner.iter().fold(Needs::default(), |needs, filter| needs.and(filter.needs()))
            }
            Filter::Not(inner) => inner.needs(),
            Filter::Is(condition) => Needs::of(&condition.field),
        }
    }

    /// Whether a trace with these facts passes.
    pub fn matches(&self, facts: &TraceFacts) -> bool {
        match self {
            Filter::All(all) => all.iter().all(|filter| filter.matches(facts)),
            Filter::Any(any) => any.iter().any(|filter| filter.matches(facts)),
            Filter::Not(inner) => !inner.matches(facts),
            Filter::Is(condition) => facts.some(condition),
        }
    }
}
