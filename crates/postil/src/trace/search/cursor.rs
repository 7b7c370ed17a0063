//! Where a page ended: the place of its last row in the order, sealed with what the list was about.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Sort, SortKey};
use crate::error::{Error, Result};
use crate::trace::filter::Filter;
use crate::trace::summary::TraceRow;

/// The place of a row in a list. Rows that arrive later do not move it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cursor {
    pub start_ns: i64,
    pub trace_id: String,
    /// The value that is sorted by; none when the row has none.
    pub value: Option<Sorted>,
}

/// A value that is sorted by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sorted {
    Int(i64),
    Real(f64),
}

/// The token's JSON. A real number is kept by its bits, so that it comes back exactly.
#[derive(Serialize, Deserialize)]
struct Token {
    s: i64,
    i: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    b: Option<u64>,
    h: String,
}

/// What a list is about, in short: a token of one list is no place in another.
pub(super) fn purpose(project: i64, filter: &Filter, sort: Sort) -> String {
    let digest = Sha256::digest(format!("{project} {sort:?} {filter:?}"));
    hex::encode(&digest[..8])
}

impl Cursor {
    /// The place of a row.
    pub(super) fn after(row: &TraceRow, key: SortKey) -> Cursor {
        let value = match key {
            SortKey::StartedAt => None,
            SortKey::Duration => Some(Sorted::Int(row.end_ns - row.start_ns)),
            SortKey::Cost => row.cost_total.map(Sorted::Real),
            SortKey::TotalTokens => row.usage_total.map(Sorted::Int),
        };
        Cursor { start_ns: row.start_ns, trace_id: row.trace_id.clone(), value }
    }

    /// The token that clients carry.
    pub(super) fn write(&self, purpose: &str) -> String {
        let token = Token {
            s: self.start_ns,
            i: self.trace_id.clone(),
            n: self.value.and_then(|value| if let Sorted::Int(value) = value { Some(value) } else { None }),
            b: self.value.and_then(|value| if let Sorted::Real(value) = value { Some(value.to_bits()) } else { None }),
            h: purpose.to_owned(),
        };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
    }

    /// Reads a token of the list with this purpose.
    pub(super) fn read(token: &str, purpose: &str) -> Result<Cursor> {
        let wrong = |message: &str| Error::field("invalid_page_token", "page_token", message);
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        let token: Option<Token> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let token = token
            .filter(|token| !token.i.contains('\0'))
            .ok_or_else(|| wrong("page_token is none that this server gave out."))?;
        if token.h != purpose {
            return Err(wrong("page_token belongs to another query: keep filters, query and sort as they were."));
        }
        let value = token.n.map(Sorted::Int).or(token.b.map(|bits| Sorted::Real(f64::from_bits(bits))));
        Ok(Cursor { start_ns: token.s, trace_id: token.i, value })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Cursor, Sorted};

    proptest! {
        #[test]
        fn a_token_comes_back_as_it_went(start_ns: i64, trace_id in "[0-9a-f]{32}", number: f64, kind in 0..3) {
            let value = match kind {
                0 => None,
                1 => Some(Sorted::Int(start_ns)),
                _ => Some(Sorted::Real(number)),
            };
            let cursor = Cursor { start_ns, trace_id, value };
            let back = Cursor::read(&cursor.write("p"), "p").unwrap();
            prop_assert_eq!(format!("{back:?}"), format!("{cursor:?}"));
            prop_assert!(Cursor::read(&cursor.write("p"), "q").is_err());
        }

        #[test]
        fn no_text_is_more_than_a_wrong_token(text in ".{0,60}") {
            drop(Cursor::read(&text, "p"));
        }
    }
}
