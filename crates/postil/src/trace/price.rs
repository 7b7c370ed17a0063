//! What a call costs, worked out from its token counts when the client did not say.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::model::{Cost, CostSource, NormalizedSpan, Usage};

/// The table that comes with the program.
static BUILT_IN: LazyLock<PriceTable> = LazyLock::new(|| PriceTable::from_json(FILE).unwrap_or_default());

/// Its file.
const FILE: &str = include_str!("prices.json");

/// The one unit of prices.
const UNIT: &str = "per million tokens";

/// No model costs more, for a million tokens.
const MAX_PRICE: f64 = 1e6;

/// Prices of models, in one currency per million tokens.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PriceTable {
    currency: String,
    models: HashMap<String, Price>,
}

/// The price of one model per million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// For tokens of the prompt that no cache had.
    pub input: f64,
    /// For tokens of the answer.
    pub output: f64,
    /// For tokens of the prompt that came from a cache; as `input` if absent.
    pub cache_read: Option<f64>,
    /// For tokens of the prompt that were written to a cache; as `input` if absent.
    pub cache_write: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "for people who read the file")]
    as_of: Option<String>,
    unit: Option<String>,
    #[serde(default = "dollars")]
    currency: String,
    models: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    model: String,
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
}

impl Row {
    /// What is wrong with it: the field, and a sentence.
    fn fault(&self) -> Option<(&'static str, String)> {
        if self.model.trim().is_empty() {
            return Some(("model", "must not be empty".into()));
        }
        let prices = [
            ("input", Some(self.input)),
            ("output", Some(self.output)),
            ("cache_read", self.cache_read),
            ("cache_write", self.cache_write),
        ];
        let wrong = |price: f64| !(0.0..=MAX_PRICE).contains(&price);
        let (field, price) =
            prices.into_iter().find_map(|(field, price)| Some((field, price.filter(|one| wrong(*one))?)))?;
        Some((field, format!("is {price}; it must be from 0 to {MAX_PRICE} for a million tokens")))
    }
}

/// Why a table cannot be used: where, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PriceError(String);

fn dollars() -> String {
    "USD".to_owned()
}

impl PriceTable {
    /// The table that comes with the program: the public list prices of well known models, without discounts.
    pub fn built_in() -> &'static PriceTable {
        &BUILT_IN
    }

    /// The file of [`PriceTable::built_in`].
    pub fn built_in_file() -> &'static str {
        FILE
    }

    /// Reads a table: `{"currency": "USD", "models": [{"model", "input", "output", "cache_read"?, "cache_write"?}]}`.
    ///
    /// # Errors
    /// [`PriceError`] names the line, or the model and its field.
    pub fn from_json(text: &str) -> Result<Self, PriceError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let file: File = serde_path_to_error::deserialize(&mut reader).map_err(|cause| {
            let place = cause.path().to_string();
            let place = if place == "." { String::new() } else { format!("{place}: ") };
            PriceError(format!("{place}{}", cause.into_inner()))
        })?;
        reader.end().map_err(|cause| PriceError(cause.to_string()))?;
        if file.unit.as_deref().is_some_and(|unit| unit != UNIT) {
            return Err(PriceError(format!("unit: must be '{UNIT}'")));
        }
        // What clients state is in dollars, and all of it is added up.
        if file.currency != "USD" {
            return Err(PriceError(format!(
                "currency: is {}; it must be USD, the currency clients state",
                file.currency
            )));
        }
        let mut models = HashMap::new();
        for (at, row) in file.models.into_iter().enumerate() {
            let refused = |field: &str, what: &str| PriceError(format!("models[{at}].{field} ({}): {what}", row.model));
            if let Some((field, what)) = row.fault() {
                return Err(refused(field, &what));
            }
            let Row { input, output, cache_read, cache_write, .. } = row;
            let price = Price { input, output, cache_read, cache_write };
            if models.insert(row.model.to_ascii_lowercase(), price).is_some() {
                return Err(refused("model", "stands twice"));
            }
        }
        Ok(Self { currency: file.currency, models })
    }

    /// The same for tables that say the same, and for no others.
    pub fn fingerprint(&self) -> String {
        let mut models: Vec<_> = self.models.iter().map(|(name, price)| format!("{name} {price:?}")).collect();
        models.sort();
        hex::encode(Sha256::digest(format!("{} {models:?}", self.currency)))
    }

    /// The price of a model. A dated name has the price of the undated one: `gpt-4o-mini-2024-07-18`.
    pub fn price(&self, model: &str) -> Option<Price> {
        let lower = model.to_ascii_lowercase();
        // `openai/gpt-4o`, `us.anthropic.claude-sonnet-4-20250514-v1:0`, `claude-3-5-haiku@20241022`.
        let name = lower.rsplit('/').next().unwrap_or(&lower);
        let name = name.split(':').next().unwrap_or(name);
        let vendor_end = name.find("anthropic.").map_or(0, |at| at + "anthropic.".len());
        let mut name = &name[vendor_end..];
        loop {
            if let Some(price) = self.models.get(name) {
                return Some(*price);
            }
            name = without_date(name)?;
        }
    }

    /// The cost of a call; `None` if the model has no price or no tokens were counted.
    pub fn cost(&self, model: &str, usage: &Usage) -> Option<Cost> {
        if usage.input.is_none() && usage.output.is_none() {
            return None;
        }
        let price = self.price(model)?;
        let tokens = usage.input.unwrap_or(0);
        // More cached tokens than tokens would make the rest negative.
        let read = usage.cache_read.unwrap_or(0).min(tokens);
        let written = usage.cache_write.unwrap_or(0).min(tokens - read);
        let fresh = tokens - read - written;
        let per_token = |count: u64, price: f64| count as f64 * price / 1e6;
        let input = per_token(fresh, price.input)
            + per_token(read, price.cache_read.unwrap_or(price.input))
            + per_token(written, price.cache_write.unwrap_or(price.input));
        let output = per_token(usage.output.unwrap_or(0), price.output);
        Some(Cost {
            input: Some(input),
            output: Some(output),
            total: input + output,
            currency: self.currency.clone(),
            source: CostSource::Computed,
        })
    }

    /// Gives a span its computed cost unless the client has sent one.
    pub fn apply(&self, span: &mut NormalizedSpan) {
        if span.cost.is_none() {
            let models = [&span.response_model, &span.request_model];
            span.cost = models.into_iter().flatten().find_map(|model| self.cost(model, &span.usage));
        }
    }
}

/// The name without a date or version mark at its end; `None` if it has none.
fn without_date(name: &str) -> Option<&str> {
    if let Some((head, date)) = name.split_once('@') {
        return (!date.is_empty()).then_some(head);
    }
    let (head, mark) = name.rsplit_once('-')?;
    let digits = mark.bytes().all(|byte| byte.is_ascii_digit());
    if mark == "latest" || mark == "preview" && head.contains("gemini") || (mark.len() == 2 && mark.starts_with('v')) {
        return Some(head);
    }
    if digits && matches!(mark.len(), 3 | 4 | 8) {
        return Some(head);
    }
    // 2024-07-18, from its end.
    let (head, month) = head.rsplit_once('-').filter(|_| digits && mark.len() == 2)?;
    let (head, year) = head.rsplit_once('-').filter(|_| month.len() == 2)?;
    (year.len() == 4 && year.starts_with("20")).then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dated_name_has_the_price_of_its_family() {
        let table = PriceTable::built_in();
        let price = |name: &str| table.price(name).map(|price| price.input);
        assert_eq!(price("gpt-4o-mini-2024-07-18"), Some(0.15));
        assert_eq!(price("openai/gpt-4o-2024-08-06"), Some(2.5));
        assert_eq!(price("claude-sonnet-4-20250514"), Some(3.0));
        assert_eq!(price("us.anthropic.claude-3-5-haiku-20241022-v1:0"), Some(0.8));
        assert_eq!(price("claude-opus-4-5-20251101"), Some(5.0));
        assert_eq!(price("claude-3-5-haiku-latest"), Some(0.8));
        assert_eq!(price("gpt-4o-audio-preview"), None);
        assert_eq!(price("llama-3-70b"), None);
        assert_eq!(price(""), None);
    }

    #[test]
    fn cached_tokens_have_their_own_price() {
        let usage = Usage { input: Some(1_000_000), output: Some(0), cache_read: Some(400_000), ..Usage::default() };
        let cost = PriceTable::built_in().cost("gpt-4o-mini", &usage).expect("the model has a price");
        assert!((cost.total - (0.6 * 0.15 + 0.4 * 0.075)).abs() < 1e-9);
        assert_eq!(cost.source, CostSource::Computed);
    }

    #[test]
    fn nothing_counted_costs_nothing_known() {
        assert_eq!(PriceTable::built_in().cost("gpt-4o", &Usage::default()), None);
    }

    #[test]
    fn an_operator_can_replace_the_table() {
        let table = PriceTable::from_json(r#"{"models":[{"model":"House-1","input":1,"output":2}]}"#).expect("a table");
        let usage = Usage { input: Some(10), output: Some(10), ..Usage::default() };
        let total = table.cost("house-1", &usage).map_or(0.0, |cost| cost.total);
        assert!((total - 30e-6).abs() < 1e-12);
    }

    #[test]
    fn a_mistake_in_a_table_is_named_with_its_place() {
        let wrong = |text: &str| PriceTable::from_json(text).unwrap_err().to_string();
        let row = |row: &str| wrong(&format!("{{\"models\":[{{\"model\":\"a\",\"input\":1,\"output\":2}},\n{row}]}}"));
        assert_eq!(wrong("{}"), "missing field `models` at line 1 column 2");
        assert_eq!(
            row(r#"{"model":"b","input":"1","output":2}"#),
            "models[1].input: invalid type: string \"1\", expected f64 at line 2 column 24"
        );
        assert!(row(r#"{"model":"b","input":1}"#).starts_with("models[1]: missing field `output` at line 2"));
        assert!(row(r#"{"model":"b","input":1,"output":1,"inptu":1}"#).contains("unknown field `inptu`"));
        assert!(
            row(r#"{"model":"b","input":-1,"output":2}"#).starts_with("models[1].input (b): is -1; it must be from 0")
        );
        assert_eq!(row(r#"{"model":"A","input":1,"output":2}"#), "models[1].model (A): stands twice");
        assert!(wrong(r#"{"currency":"EUR","models":[]}"#).starts_with("currency: is EUR"));
        assert!(wrong(r#"{"models":[]} {}"#).contains("trailing characters"));
    }

    #[test]
    fn the_built_in_table_can_be_read_and_printed() {
        let printed = PriceTable::from_json(PriceTable::built_in_file()).expect("the built-in table");
        assert_eq!(&printed, PriceTable::built_in());
        assert!(printed.price("gpt-4o-mini").is_some());
    }
}
