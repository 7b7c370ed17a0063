//! What the files hold, and what becomes of them.

use std::collections::HashSet;

use super::data::{Convention, Kind, Step, load};
use super::placed::Trace;
use super::{ingest_request, judgement_requests};

/// 2026-11-21T10:00:00Z
const NOON: i64 = 1_795_255_200_000_000;

fn all_steps(steps: &[Step]) -> Vec<&Step> {
    steps.iter().flat_map(|step| std::iter::once(step).chain(all_steps(&step.children))).collect()
}

#[test]
fn the_demo_shows_everything_it_should() {
    let all = load().unwrap();
    assert!(all.len() >= 60, "{}", all.len());
    for convention in [Convention::Genai, Convention::Openinference, Convention::Orq] {
        assert!(all.iter().any(|conversation| conversation.convention == convention), "{convention:?}");
    }
    let steps: Vec<_> = all.iter().flat_map(|conversation| all_steps(&conversation.steps)).collect();
    for kind in [Kind::Agent, Kind::Chain, Kind::Llm, Kind::Tool, Kind::Retriever, Kind::Embedding, Kind::Guardrail] {
        assert!(steps.iter().any(|step| step.kind == kind), "{kind:?}");
    }
    assert!(steps.iter().any(|step| step.error.is_some()) && steps.iter().any(|step| step.stream.is_some()));
    assert!(all.iter().any(|conversation| conversation.deployment.is_some()));
    let whole = all.iter().map(|conversation| format!("{conversation:?}")).collect::<String>();
    assert!(whole.contains("data:image/"));
}

#[test]
fn the_same_moment_gives_the_same_requests_and_every_id_is_its_own() {
    let all = load().unwrap();
    let (mut traces, mut spans, mut count) = (HashSet::new(), HashSet::new(), 0);
    for (number, conversation) in all.iter().enumerate() {
        let trace = Trace::place(conversation, number, NOON);
        assert_eq!(ingest_request(&trace), ingest_request(&Trace::place(conversation, number, NOON)));
        traces.insert(trace.trace_id);
        spans.extend(trace.spans.iter().map(|placed| placed.span_id));
        count += trace.spans.len();
    }
    assert_eq!((traces.len(), spans.len()), (all.len(), count));
}

#[test]
fn steps_lie_inside_their_parents_and_before_now() {
    for (number, conversation) in load().unwrap().iter().enumerate() {
        let trace = Trace::place(conversation, number, NOON);
        for placed in &trace.spans {
            assert!(placed.end <= NOON && placed.start <= placed.end, "{}", conversation.name);
            let parent = trace.spans.iter().find(|other| Some(other.span_id) == placed.parent_id);
            if let Some(parent) = parent {
                let inside = parent.start <= placed.start && placed.end <= parent.end;
                assert!(inside, "{}: {}", conversation.name, placed.step.name);
            }
        }
    }
}

#[test]
fn every_judgement_finds_its_step() {
    for (number, conversation) in load().unwrap().iter().enumerate() {
        let trace = Trace::place(conversation, number, NOON);
        assert_eq!(judgement_requests(&trace).len(), conversation.judgements.len(), "{}", conversation.name);
    }
}
