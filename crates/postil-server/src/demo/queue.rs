//! The annotation queue of the demo: the main job, ready to begin.

use anyhow::Context;
use serde_json::{Value, json};

use super::data::Conversation;
use super::placed::Trace;
use super::send::Sender;

/// How many conversations it holds.
const ITEMS: usize = 40;

const INSTRUCTIONS: &str = "\
Read the conversation as the person who asked would, then judge the **last answer**.

- **Rating**: *good* when it solves what was asked and nothing in it is wrong; else *bad*.
- **Defects**: everything that is wrong with it. Leave it empty when nothing is.
- **Correction**: if you would have answered differently, write the answer you would have liked to read.

Skip what you are unsure about: it comes back at the end. Decline what is not for you, and say why. Everything can be
undone.";

/// Makes the queue and fills it; how many conversations it holds.
pub(super) async fn fill(sender: &Sender, conversations: &[Conversation], now: i64) -> anyhow::Result<usize> {
    let reviews = sender.get("/v2/human-evals").await?;
    let question = |key: &str, required: bool| -> Option<Value> {
        let review = reviews.as_array()?.iter().find(|review| review["key"] == key)?;
        Some(json!({"human_review_id": review["id"], "required": required}))
    };
    let questions: Vec<Value> = [question("rating", true), question("defects", false)].into_iter().flatten().collect();
    let made = json!({
        "display_name": "Are our answers good?",
        "description": "Conversations of all our assistants, to be rated by anybody who has a minute.",
        "instructions": INSTRUCTIONS,
        "questions": questions,
        "correction": "optional",
        "order": {"by": "random"},
    });
    let queue = sender.post("/v3/queues", &made).await?;
    let id = queue["id"].as_str().context("the queue has no id")?;
    // Every second of those that nobody has judged yet: of all kinds.
    let open = conversations.iter().enumerate().filter(|(_, conversation)| conversation.judgements.is_empty());
    let items: Vec<Value> = open
        .step_by(2)
        .take(ITEMS)
        .map(
            |(number, conversation)| json!({"trace_id": hex::encode(Trace::place(conversation, number, now).trace_id)}),
        )
        .collect();
    let matching = json!({ "items": spans(sender, &items).await? });
    let added = sender.post(&format!("/v3/queues/{id}/items"), &matching).await?;
    Ok(usize::try_from(added["added"].as_u64().unwrap_or(0))?)
}

/// The span of each trace whose answer it shows.
async fn spans(sender: &Sender, traces: &[Value]) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    for trace in traces {
        let id = trace["trace_id"].as_str().unwrap_or_default();
        let found = sender.get(&format!("/v3/traces/{id}")).await?;
        let leading = &found["trace"]["leading_span_id"];
        items.push(if leading.is_string() { json!({"trace_id": id, "span_id": leading}) } else { trace.clone() });
    }
    Ok(items)
}
