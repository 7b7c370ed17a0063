//! How often a human review was answered.

use super::{Kind, get, store};
use crate::db::Tx;
use crate::error::Result;
use crate::project::{Caller, Reader};

/// How often a definition was answered, and with what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// The current values of all annotators.
    pub total: i64,
    /// The values per option, options without values included; for a boolean `true` and `false`.
    pub options: Vec<(String, i64)>,
}

/// How often a definition was answered, and with what.
pub fn usage(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Usage> {
    let definition = get(tx, caller, id)?;
    let counted = store::count_values(tx, &Reader::from(caller), &definition)?;
    let known: Vec<String> = match definition.kind {
        Kind::Boolean => vec!["true".into(), "false".into()],
        _ => definition.options.iter().map(|option| option.value.clone()).collect(),
    };
    let mut usage = Usage { total: 0, options: known.into_iter().map(|value| (value, 0)).collect() };
    for (json, count) in counted {
        usage.total += count;
        let chosen: Vec<String> = match serde_json::from_str(&json) {
            Ok(serde_json::Value::Array(items)) => {
                items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
            }
            Ok(serde_json::Value::String(text)) if definition.kind.has_options() => vec![text],
            Ok(serde_json::Value::Bool(truth)) => vec![truth.to_string()],
            _ => Vec::new(),
        };
        for value in chosen {
            match usage.options.iter_mut().find(|(known, _)| *known == value) {
                Some((_, total)) => *total += count,
                // An option that has since been taken away keeps its values.
                None => usage.options.push((value, count)),
            }
        }
    }
    Ok(usage)
}
