//! The few words in which the two databases differ, written in braces in the SQL text.

/// Which database runs a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, inside the process.
    Sqlite,
    /// PostgreSQL, over a connection.
    Postgres,
}

/// The dialect words: the word, what SQLite reads, what PostgreSQL reads.
const WORDS: &[(&str, &str, &str)] = &[
    ("{blob}", "blob", "bytea"),
    // Text compared and ordered by bytes on both.
    ("{bytes_order}", "", " collate \"C\""),
    // Rows stored in the order of their key, where the database can.
    ("{clustered}", " without rowid", ""),
    ("{skip_locked}", "", " for update skip locked"),
    ("{for_update}", "", " for update"),
    // Rows that may be read by others, but not removed, until this transaction ends.
    ("{for_share}", "", " for share"),
    // The greater and the lesser of two values.
    ("{greatest}", "max", "greatest"),
    ("{least}", "min", "least"),
    // Text as JSON, and the elements of a JSON array of strings as rows with the column `value`.
    ("{json}", "", "::json"),
    ("{each_text}", "json_each", "json_array_elements_text"),
    // Where a text stands in another, from 1; 0 when it does not.
    ("{position}", "instr", "strpos"),
];

impl Dialect {
    /// The text this database runs: dialect words replaced, and `$1` written as `?1` for SQLite.
    pub fn render(self, sql: &str) -> String {
        let mut text = sql.to_owned();
        if text.contains('{') {
            for (word, sqlite, postgres) in WORDS {
                text = text.replace(word, if self == Dialect::Sqlite { sqlite } else { postgres });
            }
        }
        match self {
            Dialect::Postgres => text,
            Dialect::Sqlite => number_parameters(&text),
        }
    }
}

/// `$1` is a named parameter to SQLite, numbered by first use; `?1` is the first one wherever it stands.
fn number_parameters(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut characters = sql.chars().peekable();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        if character == '\'' {
            quoted = !quoted;
        }
        let parameter = character == '$' && !quoted && characters.peek().is_some_and(char::is_ascii_digit);
        text.push(if parameter { '?' } else { character });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Dialect;

    #[test]
    fn parameters_are_numbered_for_sqlite_but_not_inside_quotes() {
        let sql = "select $2, '$1', a ->> '$.b' from t where x = $1";
        assert_eq!(Dialect::Sqlite.render(sql), "select ?2, '$1', a ->> '$.b' from t where x = ?1");
        assert_eq!(Dialect::Postgres.render(sql), sql);
    }

    #[test]
    fn dialect_words_are_replaced() {
        assert_eq!(Dialect::Sqlite.render("{greatest}(a, b) x {blob}"), "max(a, b) x blob");
        assert_eq!(Dialect::Postgres.render("{greatest}(a, b) x {blob}"), "greatest(a, b) x bytea");
    }
}
