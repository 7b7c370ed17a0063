//! Cursor pages: the shape of every list that clients page with `limit`, `starting_after` and `ending_before`.

use crate::error::{Error, Result};

/// What part of a list is asked for.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// How many rows, 1 to 200.
    pub limit: usize,
    /// The id of the last row of the page before.
    pub starting_after: Option<String>,
    /// The id of the first row of the page after.
    pub ending_before: Option<String>,
}

/// The default and the largest `limit` of cursor lists (contract A.0).
pub const DEFAULT_LIMIT: i64 = 10;
/// The largest `limit` of cursor lists.
pub const MAX_LIMIT: i64 = 200;

impl PageRequest {
    /// Checks the three query parameters.
    pub fn new(limit: Option<i64>, starting_after: Option<String>, ending_before: Option<String>) -> Result<Self> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Error::field("invalid_limit", "limit", format!("limit must be from 1 to {MAX_LIMIT}.")));
        }
        if starting_after.is_some() && ending_before.is_some() {
            return Err(Error::field(
                "invalid_cursor",
                "ending_before",
                "Give starting_after or ending_before, not both.",
            ));
        }
        Ok(PageRequest { limit: usize::try_from(limit).unwrap_or(10), starting_after, ending_before })
    }

    /// Cuts one page out of a whole list that is in its order already; for lists of human scale.
    pub fn cut<T>(&self, all: Vec<T>, id: impl Fn(&T) -> &str) -> Page<T> {
        let position = |wanted: &str| all.iter().position(|item| id(item) == wanted);
        let (from, to) = match (&self.starting_after, &self.ending_before) {
            (Some(after), _) => {
                let from = position(after).map_or(all.len(), |at| at + 1);
                (from, (from + self.limit).min(all.len()))
            }
            (None, Some(before)) => {
                let to = position(before).unwrap_or(0);
                (to.saturating_sub(self.limit), to)
            }
            (None, None) => (0, self.limit.min(all.len())),
        };
        let has_more = if self.ending_before.is_some() { from > 0 } else { to < all.len() };
        let data = all.into_iter().skip(from).take(to - from).collect();
        Page { data, has_more }
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, in the order of the list.
    pub data: Vec<T>,
    /// Whether more rows follow in the direction that was asked for.
    pub has_more: bool,
}
