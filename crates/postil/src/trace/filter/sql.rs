//! The first reading: a filter as an SQL expression over the table `trace` under the name `t`.

use super::Filter;
use super::condition::{Condition, Test};
use super::field::{Field, Source};
use crate::db::Value;
use crate::project::Reader;

/// Collects the parameters of a statement while its text is put together.
#[derive(Debug, Default)]
pub struct SqlBuilder {
    params: Vec<Value>,
}

impl SqlBuilder {
    /// Adds a parameter and gives its place, such as `$3`.
    pub fn bind(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    /// Adds a number that is compared as one.
    fn bind_number(&mut self, value: f64) -> String {
        format!("cast({} as double precision)", self.bind(value))
    }

    /// Several parameters with commas between.
    pub fn bind_list<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) -> String {
        let places: Vec<_> = values.into_iter().map(|value| self.bind(value)).collect();
        places.join(", ")
    }

    /// The parameters in their order.
    pub fn params(&self) -> &[Value] {
        &self.params
    }
}

/// What joins a table of span data to the trace `t`.
fn of_trace(table: &str, name: &str) -> String {
    format!("select 1 from {table} {name} where {name}.project = t.project and {name}.trace_id = t.trace_id")
}

impl Filter {
    /// The filter as an expression that is true for the traces `t` that pass.
    pub fn to_sql(&self, sql: &mut SqlBuilder) -> String {
        match self {
            Filter::All(all) if all.is_empty() => "1 = 1".to_owned(),
            Filter::Any(any) if any.is_empty() => "1 = 0".to_owned(),
            Filter::All(all) => join(all, " and ", sql),
            Filter::Any(any) => join(any, " or ", sql),
            // A test of an absent value is neither true nor false to SQL; here it is false, so its negation is true.
            Filter::Not(inner) => format!("not coalesce(({}), 1 = 0)", inner.to_sql(sql)),
            Filter::Is(condition) => condition.to_sql(sql),
        }
    }
}

fn join(filters: &[Filter], word: &str, sql: &mut SqlBuilder) -> String {
    let parts: Vec<_> = filters.iter().map(|filter| filter.to_sql(sql)).collect();
    format!("({})", parts.join(word))
}

impl Condition {
    fn seen(&self, sql: &mut SqlBuilder) -> String {
        self.reader.as_ref().map_or_else(String::new, |reader| seen(reader, sql))
    }

    fn to_sql(&self, sql: &mut SqlBuilder) -> String {
        let test = &self.test;
        match &self.field {
            Field::Lifted(lifted) => self.lifted_sql(lifted.source, sql),
            Field::Attribute(key) => {
                let found = json_member("s.attributes", key, test, sql);
                format!("exists ({} and {found})", of_trace("span", "s"))
            }
            Field::Metadata(key) => format!("({})", json_member("t.metadata", key, test, sql)),
            Field::Annotation(key) => {
                let key = sql.bind(key);
                let found = given("a", test, sql);
                let (rows, seen) = (of_trace("annotation", "a"), self.seen(sql));
                format!(
                    "exists ({rows} and a.removed_at is null and (a.key = {key} or a.subject = {key}) and {found}{seen})"
                )
            }
            Field::Evaluator(key) => {
                let key = sql.bind(key);
                let found = given("r", test, sql);
                let rows = of_trace("evaluator_result", "r");
                format!("exists ({rows} and (r.evaluator = {key} or r.name = {key}) and {found})")
            }
        }
    }

    fn lifted_sql(&self, source: Source, sql: &mut SqlBuilder) -> String {
        let test = &self.test;
        match source {
            Source::TraceText(column, _) => passes(test, Some(column), None, sql),
            Source::TraceNumber(expression, _) => passes(test, None, Some(expression), sql),
            Source::TraceSet(column, _) => some_element(column, test, sql),
            Source::SpanText(column, _) => {
                let found = passes(test, Some(column), None, sql);
                format!("exists ({} and {found})", of_trace("span", "s"))
            }
            Source::SpanSet(column, _) => {
                let found = some_element(column, test, sql);
                format!("exists ({} and {found})", of_trace("span", "s"))
            }
            Source::Annotated => {
                let (rows, seen) = (of_trace("annotation", "a"), self.seen(sql));
                let found = format!("exists ({rows} and a.removed_at is null{seen})");
                passes(test, Some(&format!("(case when {found} then 'true' else 'false' end)")), None, sql)
            }
            Source::FreeText => {
                let columns = [
                    "t.name",
                    "t.trace_id",
                    "t.input_preview",
                    "t.output_preview",
                    "t.error_message",
                    "t.session_id",
                    "t.user_id",
                ];
                let mut parts: Vec<_> = columns.iter().map(|column| passes(test, Some(column), None, sql)).collect();
                parts.push(some_element("t.models", test, sql));
                format!("({})", parts.join(" or "))
            }
        }
    }
}

/// A condition on the annotation `a` that leaves out what its reader is not yet to know; empty, or beginning with `and`.
pub(in crate::trace) fn seen(reader: &Reader, sql: &mut SqlBuilder) -> String {
    reader.me().map(|me| sql.bind(me)).map_or_else(String::new, |me| reader.sees(&me))
}

/// Whether some element of a JSON array of strings passes.
fn some_element(array: &str, test: &Test, sql: &mut SqlBuilder) -> String {
    let found = passes(test, Some("e.value"), None, sql);
    format!("exists (select 1 from {{each_text}}({array}{{json}}) e where {found})")
}

/// Whether the member `key` of a JSON object passes. Both databases give the JSON of a member alike, but its text not:
/// so strings are taken as text, and the rest as its JSON.
fn json_member(object: &str, key: &str, test: &Test, sql: &mut SqlBuilder) -> String {
    let key = format!("cast({} as text)", sql.bind(key));
    let json = format!("cast({object}{{json}} -> {key} as text)");
    let present = format!("{json} <> 'null'");
    if *test == Test::Exists {
        return present;
    }
    let text = format!(
        "(case when substr({json}, 1, 1) = '\"' then cast({object}{{json}} ->> {key} as text) else {json} end)"
    );
    let number = format!(
        "(case when substr({json}, 1, 1) in ('-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
           then cast({json} as double precision) end)"
    );
    format!("{present} and {}", passes(test, Some(&text), Some(&number), sql))
}

/// Whether the value of an annotation or a verdict passes, or one of its options when it has several.
fn given(row: &str, test: &Test, sql: &mut SqlBuilder) -> String {
    let (text, number) = (format!("{row}.value_text"), format!("{row}.value_number"));
    match test {
        Test::Exists => "1 = 1".to_owned(),
        Test::Compare(..) | Test::Between(..) => passes(test, None, Some(&number), sql),
        Test::OneOf(_) | Test::Contains(_) => {
            let whole = passes(test, Some(&text), Some(&number), sql);
            let array = format!("(case when substr({row}.value, 1, 1) = '[' then {row}.value else '[]' end)");
            format!("({whole} or {})", some_element(&array, test, sql))
        }
    }
}

/// Whether a value passes, given the expressions of its text and its number.
fn passes(test: &Test, text: Option<&str>, number: Option<&str>, sql: &mut SqlBuilder) -> String {
    let mut ways = Vec::new();
    match (test, text, number) {
        (Test::Exists, Some(value), _) | (Test::Exists, None, Some(value)) => ways.push(format!("{value} is not null")),
        (Test::OneOf(values), ..) => {
            if let Some(text) = text {
                let list = sql.bind_list(values.iter().map(|value| value.text.as_str()));
                ways.push(if values.len() == 1 { format!("{text} = {list}") } else { format!("{text} in ({list})") });
            }
            let numbers: Vec<_> = values.iter().filter_map(|value| value.number).collect();
            if let (Some(number), false) = (number, numbers.is_empty()) {
                let list: Vec<_> = numbers.into_iter().map(|value| sql.bind_number(value)).collect();
                ways.push(format!("{number} in ({})", list.join(", ")));
            }
        }
        (Test::Compare(comparison, value), _, Some(number)) => {
            ways.push(format!("{number} {} {}", comparison.sql(), sql.bind_number(*value)));
        }
        (Test::Between(from, to), _, Some(number)) => {
            ways.push(format!("{number} between {} and {}", sql.bind_number(*from), sql.bind_number(*to)));
        }
        (Test::Contains(part), Some(text), _) => {
            // In bytes_order only ASCII letters have a lower case, on both databases.
            let part = sql.bind(part);
            ways.push(format!("{{position}}(lower({text}{{bytes_order}}), {part}) > 0"));
        }
        _ => ways.push("1 = 0".to_owned()),
    }
    if ways.len() == 1 { ways.remove(0) } else { format!("({})", ways.join(" or ")) }
}
