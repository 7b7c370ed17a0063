//! Sessions as clients write and read them (contract A.8).

use postil::trace::session::{Billing, Change, Session, Sessions, Usage};
use postil::{Clock, Error, clock};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a session cost.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct ThreadBilling {
    input_cost: f64,
    output_cost: f64,
    total_cost: f64,
}

/// How many tokens a session used.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct ThreadUsage {
    #[serde(deserialize_with = "whole")]
    prompt_tokens: i64,
    #[serde(deserialize_with = "whole")]
    completion_tokens: i64,
    #[serde(deserialize_with = "whole")]
    total_tokens: i64,
}

/// What a thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ThreadKind {
    /// A conversation.
    #[serde(rename = "THREAD_KIND_CONVERSATION")]
    Conversation,
    /// A coding agent at work.
    #[serde(rename = "THREAD_KIND_CODING_AGENT")]
    CodingAgent,
}

impl ThreadKind {
    const ALL: [ThreadKind; 2] = [ThreadKind::Conversation, ThreadKind::CodingAgent];

    fn name(self) -> &'static str {
        match self {
            ThreadKind::Conversation => "THREAD_KIND_CONVERSATION",
            ThreadKind::CodingAgent => "THREAD_KIND_CODING_AGENT",
        }
    }
}

/// Accepts `3.0` for a whole number, as some clients write it.
fn whole<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    number
        .as_i64()
        .or_else(|| whole_float(number.as_f64()?))
        .ok_or_else(|| serde::de::Error::custom("a whole number is expected"))
}

fn optional_whole<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    struct Whole(#[serde(deserialize_with = "whole")] i64);
    Ok(Option::<Whole>::deserialize(deserializer)?.map(|Whole(number)| number))
}

#[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
fn whole_float(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub struct Thread {
    /// Its id.
    #[serde(rename = "_id")]
    id: String,
    /// The session id its traces carry.
    external_id: String,
    /// Milliseconds from its first trace to the end of its last.
    duration: f64,
    /// The end users that took part.
    contact_ids: Vec<String>,
    /// What it cost.
    billing: ThreadBilling,
    /// Its tokens.
    usage: ThreadUsage,
    /// How many traces it has.
    traces_count: i64,
    /// Its tags and those of its traces.
    tags: Vec<String>,
    /// Its project.
    project_id: String,
    /// When its first trace started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// When its last trace ended, or it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    updated_at: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// The program it was led with.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// The repository it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    repo: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<ThreadKind>,
}

pub(super) fn thread(session: Session, project_id: &str) -> Thread {
    let said = session.said;
    let Billing { input_cost, output_cost, total_cost } = said.billing;
    let Usage { prompt_tokens, completion_tokens, total_tokens } = said.usage;
    Thread {
        id: session.id,
        external_id: session.external_id,
        duration: said.duration,
        contact_ids: said.contact_ids,
        billing: ThreadBilling { input_cost, output_cost, total_cost },
        usage: ThreadUsage { prompt_tokens, completion_tokens, total_tokens },
        traces_count: said.traces_count,
        tags: said.tags,
        project_id: project_id.to_owned(),
        started_at: said.started_at.map(clock::rfc3339),
        updated_at: said.updated_at.map(clock::rfc3339),
        title: said.title,
        client: said.client,
        repo: said.repo,
        kind: said.kind.and_then(|kind| ThreadKind::ALL.into_iter().find(|known| known.name() == kind)),
    }
}

/// What a client says of a session. A session with traces takes its numbers from them.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct ThreadChange {
    external_id: Option<String>,
    /// Milliseconds.
    duration: Option<f64>,
    contact_ids: Option<Vec<String>>,
    billing: Option<ThreadBilling>,
    usage: Option<ThreadUsage>,
    #[serde(default, deserialize_with = "optional_whole")]
    traces_count: Option<i64>,
    tags: Option<Vec<String>>,
    /// This project, or absent.
    project_id: Option<String>,
    #[schema(format = DateTime)]
    started_at: Option<String>,
    #[schema(format = DateTime)]
    updated_at: Option<String>,
    /// Whether all contacts are taken off.
    clear_contact_ids: Option<bool>,
    /// Whether all tags are taken off.
    clear_tags: Option<bool>,
    title: Option<String>,
    client: Option<String>,
    repo: Option<String>,
    kind: Option<ThreadKind>,
}

fn instant(text: Option<&str>, field: &str) -> Result<Option<i64>, Error> {
    text.map(|text| {
        clock::parse_rfc3339(text).ok_or_else(|| {
            let message = format!("{field} must be a time with an offset, such as 2026-11-21T10:00:00Z.");
            Error::field("invalid_time", field, message)
        })
    })
    .transpose()
}

impl ThreadChange {
    pub(super) fn read(self, project_id: &str) -> Result<Change, Error> {
        if self.project_id.as_deref().is_some_and(|wanted| !wanted.is_empty() && wanted != project_id) {
            let message = "project_id is not the project this key speaks to.";
            return Err(Error::field("invalid_project", "project_id", message));
        }
        let cleared = |clear: Option<bool>, list: Option<Vec<String>>| match clear {
            Some(true) => Some(list.unwrap_or_default()),
            _ => list,
        };
        Ok(Change {
            started_at: instant(self.started_at.as_deref(), "started_at")?,
            updated_at: instant(self.updated_at.as_deref(), "updated_at")?,
            contact_ids: cleared(self.clear_contact_ids, self.contact_ids),
            tags: cleared(self.clear_tags, self.tags),
            external_id: self.external_id,
            duration: self.duration,
            billing: self.billing.map(|ThreadBilling { input_cost, output_cost, total_cost }| Billing {
                input_cost,
                output_cost,
                total_cost,
            }),
            usage: self.usage.map(|ThreadUsage { prompt_tokens, completion_tokens, total_tokens }| Usage {
                prompt_tokens,
                completion_tokens,
                total_tokens,
            }),
            traces_count: self.traces_count,
            title: self.title,
            client: self.client,
            repo: self.repo,
            kind: self.kind.map(|kind| kind.name().to_owned()),
        })
    }
}

/// How far back sessions are looked for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub enum SessionInterval {
    #[serde(rename = "SESSION_INTERVAL_ALL_TIME")]
    AllTime,
    #[serde(rename = "SESSION_INTERVAL_LAST_30_MINUTES")]
    Last30Minutes,
    #[serde(rename = "SESSION_INTERVAL_LAST_1_HOUR")]
    Last1Hour,
    #[serde(rename = "SESSION_INTERVAL_LAST_6_HOURS")]
    Last6Hours,
    #[serde(rename = "SESSION_INTERVAL_LAST_24_HOURS")]
    Last24Hours,
    #[serde(rename = "SESSION_INTERVAL_LAST_3_DAYS")]
    Last3Days,
    #[serde(rename = "SESSION_INTERVAL_LAST_7_DAYS")]
    Last7Days,
    #[serde(rename = "SESSION_INTERVAL_LAST_14_DAYS")]
    Last14Days,
    #[serde(rename = "SESSION_INTERVAL_LAST_1_MONTH")]
    Last1Month,
    #[serde(rename = "SESSION_INTERVAL_LAST_3_MONTHS")]
    Last3Months,
}

impl SessionInterval {
    /// How many minutes; a month has 30 days.
    fn minutes(self) -> Option<i64> {
        const DAY: i64 = 24 * 60;
        Some(match self {
            SessionInterval::AllTime => return None,
            SessionInterval::Last30Minutes => 30,
            SessionInterval::Last1Hour => 60,
            SessionInterval::Last6Hours => 6 * 60,
            SessionInterval::Last24Hours => DAY,
            SessionInterval::Last3Days => 3 * DAY,
            SessionInterval::Last7Days => 7 * DAY,
            SessionInterval::Last14Days => 14 * DAY,
            SessionInterval::Last1Month => 30 * DAY,
            SessionInterval::Last3Months => 90 * DAY,
        })
    }
}

/// Which sessions.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ThreadFilters {
    /// How far back, seen from now.
    interval: SessionInterval,
    /// This project; another one has none that this key may see.
    project_id: Option<String>,
    /// With one of these tags.
    tags: Option<Vec<String>>,
    /// Active from this day or time on.
    start_date: Option<String>,
    /// Active until this day or time, the day included.
    end_date: Option<String>,
    client: Option<String>,
    repo: Option<String>,
    kind: Option<ThreadKind>,
}

/// A day or a time in microseconds; of a day its first moment, or the first of the next when it is an `end`.
fn day_or_time(text: Option<&str>, field: &str, end: bool) -> Result<Option<i64>, Error> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    match clock::parse_rfc3339(&format!("{text}T00:00:00Z")) {
        Some(day) => Ok(Some(if end { day + 86_400_000_000 } else { day })),
        None => instant(Some(text), field),
    }
}

impl ThreadFilters {
    /// What is asked for; none when it is another project.
    pub(super) fn read(self, clock: &Clock, project_id: &str) -> Result<Option<Sessions>, Error> {
        let since = self.interval.minutes().map(|minutes| clock.now() - minutes * 60_000_000);
        let start = day_or_time(self.start_date.as_deref(), "filters.start_date", false)?;
        let to = day_or_time(self.end_date.as_deref(), "filters.end_date", true)?;
        let tags = self.tags.unwrap_or_default();
        if tags.len() > 100 {
            return Err(Error::field("invalid_value", "filters.tags", "filters.tags takes at most 100 tags."));
        }
        if self.project_id.is_some_and(|wanted| !wanted.is_empty() && wanted != project_id) {
            return Ok(None);
        }
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Some(Sessions {
            from: since.max(start),
            to,
            tags,
            client: given(self.client),
            repo: given(self.repo),
            kind: self.kind.map(|kind| kind.name().to_owned()),
        }))
    }
}
