//! Queries as text: `fetch traces | filter <expression> | sort timestamp desc | limit 50`.
//!
//! An expression is `field op value` with `= != > >= < <= contains in exists`, joined by `and`, `or`, `not` and
//! parentheses. Text stands in single or double quotes, a field with odd characters in backquotes. Mistakes are told
//! with their column, counted from 1.

use super::{Filter, MAX_DEPTH};
use crate::error::{Error, Result};

/// What a query asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Which traces.
    pub filter: Filter,
    /// The field to sort by and whether the greatest comes first, if it says so.
    pub sort: Option<(String, bool)>,
    /// How many, if it says so.
    pub limit: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Field(String),
    Text(String),
    Sign(&'static str),
    End,
}

impl std::fmt::Display for Token {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Word(text) | Token::Field(text) | Token::Text(text) => {
                write!(out, "'{}'", text.chars().take(50).collect::<String>())
            }
            Token::Sign(sign) => write!(out, "'{sign}'"),
            Token::End => out.write_str("the end"),
        }
    }
}

fn mistake(column: usize, message: impl std::fmt::Display) -> Error {
    Error::field("invalid_oql", "oql", format!("Column {column}: {message}."))
}

/// Reads a query.
///
/// # Errors
/// [`Error::Invalid`] with the column of the first mistake.
pub fn parse(text: &str) -> Result<Query> {
    if text.chars().count() > 100_000 {
        return Err(Error::field("invalid_oql", "oql", "oql is longer than 100000 characters."));
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    parser.query()
}

const SIGNS: [&str; 12] = ["!=", ">=", "<=", "==", "=", ">", "<", "|", "(", ")", ",", "["];

fn tokens(text: &str) -> Result<Vec<(Token, usize)>> {
    let characters: Vec<char> = text.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while let Some(&character) = characters.get(at) {
        let column = at + 1;
        if character.is_whitespace() {
            at += 1;
        } else if matches!(character, '"' | '\'' | '`') {
            let (content, next) = quoted(&characters, at)?;
            tokens.push((if character == '`' { Token::Field(content) } else { Token::Text(content) }, column));
            at = next;
        } else if is_word(character) {
            let length = characters[at..].iter().take_while(|character| is_word(**character)).count();
            tokens.push((Token::Word(characters[at..at + length].iter().collect()), column));
            at += length;
        } else if character == ']' {
            tokens.push((Token::Sign("]"), column));
            at += 1;
        } else {
            let rest: String = characters[at..].iter().take(2).collect();
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| mistake(column, format!("'{character}' is not expected")))?;
            tokens.push((Token::Sign(sign), column));
            at += sign.len();
        }
    }
    tokens.push((Token::End, characters.len() + 1));
    Ok(tokens)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | '-' | '+' | ':' | '/' | '@' | '$' | '*')
}

/// The content of the quotes that open at `from`, and where it goes on after them.
fn quoted(characters: &[char], from: usize) -> Result<(String, usize)> {
    let (quote, mut at, mut content) = (characters[from], from + 1, String::new());
    while let Some(&character) = characters.get(at) {
        match character {
            '\\' => {
                let escaped = characters.get(at + 1).ok_or_else(|| mistake(at + 1, "the quotes are not closed"))?;
                content.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    other => *other,
                });
                at += 2;
            }
            _ if character == quote => return Ok((content, at + 1)),
            _ => {
                content.push(character);
                at += 1;
            }
        }
    }
    Err(mistake(from + 1, "the quotes are not closed"))
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn column(&self) -> usize {
        self.tokens[self.at].1
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn expected<T>(&self, what: &str) -> Result<T> {
        Err(mistake(self.column(), format!("{what} is expected, not {}", self.peek())))
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(wanted));
        if found {
            self.next();
        }
        found
    }

    fn sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(sign) if *sign == wanted);
        if found {
            self.next();
        }
        found
    }

    fn query(&mut self) -> Result<Query> {
        if !self.word("fetch") {
            return self.expected("'fetch traces'");
        }
        if !self.word("traces") {
            return self.expected("'traces'");
        }
        let mut query = Query { filter: Filter::everything(), sort: None, limit: None };
        while self.sign("|") {
            if self.word("filter") {
                let filter = self.any()?;
                query.filter = if query.filter == Filter::everything() { filter } else { query.filter.and(filter) };
            } else if self.word("sort") {
                query.sort = Some(self.sort()?);
            } else if self.word("limit") {
                query.limit = Some(self.limit()?);
            } else {
                return self.expected("'filter', 'sort' or 'limit'");
            }
        }
        if *self.peek() != Token::End {
            return self.expected("'|' or the end");
        }
        query.filter.check_size("oql")?;
        Ok(query)
    }

    fn sort(&mut self) -> Result<(String, bool)> {
        self.word("by");
        let Token::Word(field) = self.peek().clone() else { return self.expected("a field to sort by") };
        self.next();
        if self.word("asc") {
            return Ok((field, false));
        }
        self.word("desc");
        Ok((field, true))
    }

    fn limit(&mut self) -> Result<i64> {
        match self.peek().clone() {
            Token::Word(word) if word.parse::<i64>().is_ok() => {
                self.next();
                Ok(word.parse().unwrap_or(0))
            }
            _ => self.expected("a number"),
        }
    }

    fn any(&mut self) -> Result<Filter> {
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) })
    }

    fn all(&mut self) -> Result<Filter> {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn one(&mut self) -> Result<Filter> {
        // The parser calls itself here, so depth is bounded before the tree is there to be measured.
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(mistake(self.column(), format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let filter = if self.word("not") {
            Filter::Not(Box::new(self.one()?))
        } else if self.sign("(") {
            let inner = self.any()?;
            if !self.sign(")") {
                return self.expected("')'");
            }
            inner
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn condition(&mut self) -> Result<Filter> {
        let column = self.column();
        let field = match self.peek().clone() {
            Token::Word(field) | Token::Field(field) => field,
            _ => return self.expected("a field"),
        };
        self.next();
        if field.eq_ignore_ascii_case("exists")
            && matches!(self.peek(), Token::Word(_) | Token::Field(_) | Token::Sign("("))
        {
            let inside = self.sign("(");
            let (Token::Word(field) | Token::Field(field)) = self.next() else { return self.expected("a field") };
            if inside && !self.sign(")") {
                return self.expected("')'");
            }
            return condition(&field, "exists", &[], column);
        }
        let negated = self.word("not");
        let (op, values) = self.operator()?;
        let filter = condition(&field, op, &values, column)?;
        Ok(if negated { Filter::Not(Box::new(filter)) } else { filter })
    }

    fn operator(&mut self) -> Result<(&'static str, Vec<String>)> {
        if self.word("exists") {
            return Ok(("exists", Vec::new()));
        }
        if self.word("contains") {
            return Ok(("contains", vec![self.value()?]));
        }
        if self.word("in") {
            return Ok(("in", self.list()?));
        }
        let signs = [("=", "eq"), ("==", "eq"), ("!=", "neq"), (">=", "gte"), (">", "gt"), ("<=", "lte"), ("<", "lt")];
        for (sign, op) in signs {
            if self.sign(sign) {
                return Ok((op, vec![self.value()?]));
            }
        }
        self.expected("one of = != > >= < <= contains in exists")
    }

    fn list(&mut self) -> Result<Vec<String>> {
        let closing = if self.sign("(") {
            ")"
        } else if self.sign("[") {
            "]"
        } else {
            return self.expected("'('");
        };
        let mut values = vec![self.value()?];
        while self.sign(",") {
            values.push(self.value()?);
        }
        if !self.sign(closing) {
            return self.expected(&format!("',' or '{closing}'"));
        }
        Ok(values)
    }

    fn value(&mut self) -> Result<String> {
        match self.peek().clone() {
            Token::Text(text) | Token::Word(text) => {
                self.next();
                Ok(text)
            }
            _ => self.expected("a value"),
        }
    }
}

/// A condition whose mistakes are told with their column.
fn condition(field: &str, op: &str, values: &[String], column: usize) -> Result<Filter> {
    Filter::is(field, op, values, "oql").map_err(|error| match error {
        Error::Invalid { name, field, message } => {
            Error::Invalid { name, field, message: format!("Column {column}: {message}") }
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::{Query, parse};
    use crate::trace::filter::Filter;

    fn is(field: &str, op: &str, values: &[&str]) -> Filter {
        let values: Vec<_> = values.iter().map(ToString::to_string).collect();
        Filter::is(field, op, &values, "x").unwrap()
    }

    #[test]
    fn a_pipeline_has_a_filter_a_sort_and_a_limit() {
        let query = parse("fetch traces | filter status = 'error' | sort timestamp desc | limit 7").unwrap();
        let expected =
            Query { filter: is("status", "eq", &["error"]), sort: Some(("timestamp".into(), true)), limit: Some(7) };
        assert_eq!(query, expected);
    }

    #[test]
    fn and_binds_more_than_or_and_parentheses_most() {
        let flat = parse("fetch traces | filter name = a or name = b and not name = c").unwrap().filter;
        let [a, b, c] = ["a", "b", "c"].map(|name| is("name", "eq", &[name]));
        let not_c = Filter::Not(Box::new(c));
        assert_eq!(flat, Filter::Any(vec![a.clone(), Filter::All(vec![b.clone(), not_c.clone()])]));
        let grouped = parse("fetch traces | filter (name = a or name = b) and not name = c").unwrap().filter;
        assert_eq!(grouped, Filter::All(vec![Filter::Any(vec![a, b]), not_c]));
    }

    #[test]
    fn quotes_keep_what_is_in_them() {
        let filter = parse(r#"fetch traces | filter `metadata.a b` contains "x | \"y\" )" "#).unwrap().filter;
        assert_eq!(filter, is("metadata.a b", "contains", &["x | \"y\" )"]));
        let filter = parse("fetch traces|filter tags in ('a', \"b\",c) and exists(cost)").unwrap().filter;
        assert_eq!(filter, Filter::All(vec![is("tags", "in", &["a", "b", "c"]), is("cost", "exists", &[])]));
    }

    #[test]
    fn mistakes_are_told_with_their_column() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(message("select * from traces"), "Column 1: 'fetch traces' is expected, not 'select'.");
        assert_eq!(message("fetch traces | filter name ="), "Column 29: a value is expected, not the end.");
        assert_eq!(message("fetch traces | filter name = 'a"), "Column 30: the quotes are not closed.");
        assert_eq!(message("fetch traces | filter (name = a"), "Column 32: ')' is expected, not the end.");
        assert!(message("fetch traces | filter nam = a").starts_with("Column 23: 'nam' is not a field."));
        assert!(message("fetch traces | filter cost > high").starts_with("Column 23: cost is compared with a number"));
        let deep = format!("fetch traces | filter {}name = a", "not ".repeat(5000));
        assert_eq!(message(&deep), "Column 63: nested deeper than 10 levels.");
    }
}
