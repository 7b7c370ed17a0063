//! JSON text as clients write it, which is not always JSON.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::error::Category;

use super::DecodeError;
use super::size::check_json_size;

/// How deep a repaired text nests. The parser gives up at 128, before the stack would.
const MAX_REPAIRED_DEPTH: usize = 120;

/// Parses a body. Correct JSON costs one pass; only what the parser refuses is repaired and tried again, so that half
/// a surrogate pair in one string, as cutting a text to a length leaves it, does not cost the batch.
pub(super) fn parse(body: &[u8]) -> Result<Value, DecodeError> {
    check_json_size(body)?;
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(error) if error.classify() == Category::Eof && text.trim().is_empty() => {
            Err(DecodeError::new("the body is empty"))
        }
        Err(error) if error.classify() == Category::Eof => Err(invalid(&error)),
        Err(_) => serde_json::from_str(&repair(text)).map_err(|error| invalid(&error)),
    }
}

fn invalid(error: &serde_json::Error) -> DecodeError {
    DecodeError::new(format!("the body is not valid JSON: {error}"))
}

/// Rewrites what several writers produce although JSON does not allow it: lone surrogates become U+FFFD, control
/// characters inside strings are escaped, bare `NaN` and `Infinity` become strings, and values nested deeper than the
/// parser follows become the text they are written as.
fn repair(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len() + 64);
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(first) = rest.as_bytes().first() {
        let taken = match first {
            b'"' => {
                let end = string_end(rest);
                repair_string(&rest[..end], &mut repaired);
                end
            }
            b'[' | b'{' if depth >= MAX_REPAIRED_DEPTH => {
                let end = value_end(rest);
                repaired.push_str(&Value::from(&rest[..end]).to_string());
                end
            }
            b'N' | b'I' | b'-' => match not_finite(rest) {
                Some(word) => {
                    repaired.push('"');
                    repaired.push_str(word);
                    repaired.push('"');
                    word.len()
                }
                None => copy_character(rest, &mut repaired),
            },
            b'[' | b'{' => {
                depth += 1;
                copy_character(rest, &mut repaired)
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                copy_character(rest, &mut repaired)
            }
            _ => copy_character(rest, &mut repaired),
        };
        rest = &rest[taken..];
    }
    repaired
}

fn not_finite(rest: &str) -> Option<&'static str> {
    ["NaN", "Infinity", "-Infinity"].into_iter().find(|word| rest.starts_with(word))
}

fn copy_character(rest: &str, into: &mut String) -> usize {
    let length = rest.chars().next().map_or(0, char::len_utf8);
    into.push_str(&rest[..length]);
    length
}

/// Where the string that `text` begins with ends, its closing quote included.
fn string_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut position = 1;
    while position < bytes.len() {
        match bytes[position] {
            b'"' => return position + 1,
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
    text.len()
}

/// Where the list or object that `text` begins with ends.
fn value_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut position = 0;
    while position < bytes.len() {
        match bytes[position] {
            b'"' => {
                position += string_end(&text[position..]);
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return position + 1;
                }
            }
            _ => {}
        }
        position += 1;
    }
    text.len()
}

/// Copies one quoted string. Lone surrogates are replaced by an escape of the same length.
fn repair_string(quoted: &str, into: &mut String) {
    let mut rest = quoted;
    while let Some(position) = rest.find(|character: char| character == '\\' || character < ' ') {
        into.push_str(&rest[..position]);
        rest = &rest[position..];
        let taken = if rest.starts_with('\\') {
            let (escape, taken) = repair_escape(rest);
            into.push_str(&escape);
            taken
        } else {
            into.push_str(&format!("\\u{:04x}", rest.as_bytes()[0]));
            1
        };
        rest = &rest[taken..];
    }
    into.push_str(rest);
}

/// The escape that `rest` begins with as it should be written, and how many bytes of `rest` it stands for.
fn repair_escape(rest: &str) -> (Cow<'_, str>, usize) {
    match escaped_unit(rest) {
        None => {
            let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            (Cow::Borrowed(&rest[..length]), length)
        }
        Some(0xD800..=0xDBFF) => match rest.get(6..).and_then(escaped_unit) {
            Some(0xDC00..=0xDFFF) => (Cow::Borrowed(&rest[..12]), 12),
            _ => (Cow::Borrowed("\\ufffd"), 6),
        },
        Some(0xDC00..=0xDFFF) => (Cow::Borrowed("\\ufffd"), 6),
        Some(_) => (Cow::Borrowed(&rest[..6]), 6),
    }
}

/// The UTF-16 unit of an escape `\uXXXX` at the beginning of `text`.
fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}
