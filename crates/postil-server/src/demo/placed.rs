//! Steps placed in time, with their ids and parents: what every convention makes its spans of.

use sha2::{Digest, Sha256};

use super::data::{Conversation, Step};

/// One step as a span.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    pub(super) step: &'a Step,
    pub(super) span_id: [u8; 8],
    pub(super) parent_id: Option<[u8; 8]>,
    /// Microseconds since 1970.
    pub(super) start: i64,
    pub(super) end: i64,
}

/// A conversation with its trace id and its steps, parents before children.
#[derive(Debug)]
pub(super) struct Trace<'a> {
    pub(super) conversation: &'a Conversation,
    pub(super) trace_id: [u8; 16],
    pub(super) spans: Vec<Placed<'a>>,
}

impl<'a> Trace<'a> {
    /// Places the `number`th conversation before `now`. The ids depend on nothing else, so that sending it twice changes
    /// nothing.
    pub(super) fn place(conversation: &'a Conversation, number: usize, now: i64) -> Trace<'a> {
        #[expect(clippy::cast_possible_truncation, reason = "a few days of microseconds")]
        let start = now - (conversation.minutes_ago * 60e6) as i64;
        let seed = format!("postil demo {number} {}", conversation.name);
        let mut trace = Trace { conversation, trace_id: first(&digest(&seed)), spans: Vec::new() };
        trace.place_steps(&conversation.steps, None, start, &seed);
        trace
    }

    fn place_steps(&mut self, steps: &'a [Step], parent_id: Option<[u8; 8]>, start: i64, path: &str) {
        let mut at = start;
        for (position, step) in steps.iter().enumerate() {
            let path = format!("{path}/{position}");
            let start = at + milliseconds(step.gap);
            at = start + milliseconds(step.milliseconds);
            let span_id = first(&digest(&path));
            self.spans.push(Placed { step, span_id, parent_id, start, end: at });
            self.place_steps(&step.children, Some(span_id), start, &path);
        }
    }

    /// The span of the step with this name; the last one, when several have it.
    pub(super) fn span(&self, name: &str) -> Option<&Placed<'a>> {
        self.spans.iter().rev().find(|placed| placed.step.name == name)
    }
}

fn milliseconds(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(0).saturating_mul(1000)
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn first<const N: usize>(bytes: &[u8; 32]) -> [u8; N] {
    std::array::from_fn(|at| bytes[at])
}
