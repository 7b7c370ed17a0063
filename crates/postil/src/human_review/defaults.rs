//! What a new project asks, so that the examples of the guide work on the first try.

use super::{Config, Definition, Kind, ReviewOption, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::Result;
use crate::id;
use crate::project::start;

/// Value, sentiment, description.
type Choice = (&'static str, &'static str, &'static str);

const RATING: &[Choice] = &[
    ("good", "positive", "The response was helpful and accurate."),
    ("bad", "negative", "The response was unhelpful or inaccurate."),
];

const DEFECTS: &[Choice] = &[
    ("grammatical", "negative", "Responses that contain grammatical errors"),
    ("spelling", "negative", "Responses that contain spelling errors"),
    ("hallucination", "negative", "Responses that contain hallucinations or factual inaccuracies"),
    ("repetition", "negative", "Responses that contain unnecessary repetition"),
    ("inappropriate", "negative", "Responses that are deemed inappropriate or offensive"),
    ("off_topic", "negative", "Responses that do not address the user's query"),
    ("incompleteness", "negative", "Responses that are incomplete or partially address the query"),
    ("ambiguity", "negative", "Responses that are vague or unclear"),
];

const INTERACTIONS: &[Choice] = &[
    ("saved", "positive", "The user saved the response"),
    ("selected", "positive", "The user selected the response"),
    ("deleted", "negative", "The user deleted the response"),
    ("shared", "positive", "The user shared the response"),
    ("copied", "positive", "The user copied the response"),
    ("reported", "negative", "The user reported the response"),
];

const REVIEWS: &[(&str, &str, &str, Kind, &[Choice])] = &[
    ("rating", "Rating", "Rate the overall quality of AI responses", Kind::SingleSelect, RATING),
    ("defects", "Defects", "Identify specific issues with AI responses", Kind::MultiSelect, DEFECTS),
    ("interactions", "Interactions", "What the user did with the response", Kind::MultiSelect, INTERACTIONS),
    ("correction", "Correction", "What the response should have been", Kind::Correction, &[]),
];

/// Gives a project the human reviews of the guide: `rating`, `defects`, `interactions` and `correction`. Those it
/// already has stay as they are.
pub fn create_defaults(tx: &mut Tx<'_>, clock: &Clock, project: i64) -> Result<()> {
    for (position, (key, display_name, description, kind, choices)) in (1..).zip(REVIEWS) {
        let options = choices.iter().map(|(value, sentiment, description)| ReviewOption {
            id: id::ulid(clock),
            value: (*value).into(),
            label: None,
            sentiment: (*sentiment).into(),
            description: (*description).into(),
            icon: String::new(),
            color: None,
        });
        let now = clock.now();
        let definition = Definition {
            id: id::ulid(clock),
            project,
            project_id: String::new(),
            key: (*key).into(),
            kind: *kind,
            display_name: (*display_name).into(),
            description: (*description).into(),
            version: 1,
            config: Config::default(),
            options: options.collect(),
            position,
            archived_at: None,
            created_by: "postil".into(),
            updated_by: "postil".into(),
            created_at: now,
            updated_at: now,
        };
        if store::insert(tx, &definition)? {
            store::insert_version(tx, &definition)?;
        }
    }
    Ok(())
}

/// Finds the default workspace and project; in an empty database it makes them, ready to annotate.
pub fn home(tx: &mut Tx<'_>, clock: &Clock) -> Result<start::Home> {
    let home = start::home(tx, clock)?;
    if home.is_new {
        create_defaults(tx, clock, home.project.number)?;
    }
    Ok(home)
}
