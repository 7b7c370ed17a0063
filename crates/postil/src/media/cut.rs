//! Finds media inside texts. Every string of every span passes here, so looking must cost next to nothing where there
//! is none: a run of base64 cannot hide from a look at every [`SHORTEST`]th byte.

use std::ops::Range;

use super::Media;
use super::kind::{self, DECISIVE};
use super::reference::Form;

/// Shorter runs stay in the text: a reference would be longer.
pub const SHORTEST: usize = 48;

/// Shorter lists of numbers stay in the text.
const SHORTEST_LIST: usize = 128;

/// How many characters of a run are decoded to see what it is.
const DECISIVE_CHARACTERS: usize = DECISIVE / 3 * 4;

const BASE64: [bool; 256] = table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_");
const NUMBERS: [bool; 256] = table(b"0123456789,");

const fn table(members: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < members.len() {
        table[members[at] as usize] = true;
        at += 1;
    }
    table
}

/// Replaces the media in a text by references and hands them over. At most `most`; what is more stays.
pub fn out_of_text(text: &str, most: usize) -> Option<(String, Vec<Media>)> {
    let mut places: Vec<(Range<usize>, Form, Vec<u8>)> = Vec::new();
    each_run(text.as_bytes(), &BASE64, SHORTEST, |run| {
        if places.len() < most {
            places.extend(base64(text, run));
        }
    });
    each_run(text.as_bytes(), &NUMBERS, SHORTEST_LIST, |run| {
        if places.len() < most {
            places.extend(list(text, run));
        }
    });
    if places.is_empty() {
        return None;
    }
    places.sort_by_key(|(range, ..)| range.start);
    let (mut cut, mut media, mut from) = (String::with_capacity(text.len() / 2), Vec::new(), 0);
    for (range, form, bytes) in places {
        let found = Media::new(bytes);
        cut.push_str(&text[from..range.start]);
        let quote = if form == Form::Numbers { "\"" } else { "" };
        cut.push_str(&format!("{quote}{}{quote}", found.reference(form)));
        from = range.end;
        media.push(found);
    }
    cut.push_str(&text[from..]);
    Some((cut, media))
}

/// Calls `found` with every run of at least `shortest` bytes that are all in `table`.
fn each_run(bytes: &[u8], table: &[bool; 256], shortest: usize, mut found: impl FnMut(Range<usize>)) {
    let inside = |at: usize| bytes.get(at).is_some_and(|byte| table[usize::from(*byte)]);
    let (mut floor, mut at) = (0, shortest - 1);
    while at < bytes.len() {
        if inside(at) {
            let (mut start, mut end) = (at, at + 1);
            while start > floor && inside(start - 1) {
                start -= 1;
            }
            // What began too late to be long enough before this place may still be long enough behind it.
            while inside(end) {
                end += 1;
            }
            if end - start >= shortest {
                found(start..end);
            }
            floor = end;
            at = end;
        }
        at += shortest;
    }
}

/// A run of base64 that a data URL or its JSON object announces, or that begins as media does.
fn base64(text: &str, run: Range<usize>) -> Option<(Range<usize>, Form, Vec<u8>)> {
    let announced = text[..run.start].ends_with(";base64,") || is_typed(text, &run);
    if !announced {
        let whole = &text[run.clone()];
        let beginning = &whole[..whole.len().min(DECISIVE_CHARACTERS) / 4 * 4];
        let beginning = super::reference::decode_base64(beginning)?;
        if kind::content_type(&beginning) == kind::UNKNOWN {
            return None;
        }
    }
    let padding = text[run.end..].bytes().take(2).take_while(|byte| *byte == b'=').count();
    let range = run.start..run.end + padding;
    let form = Form::of_base64(&text[range.clone()])?;
    let bytes = form.read(&text[range.clone()])?;
    Some((range, form, bytes))
}

/// Whether a run is a member of a JSON object that also says its media type: recordings without a header and pictures
/// made of text begin with nothing that tells.
fn is_typed(text: &str, run: &Range<usize>) -> bool {
    let (before, after) = (&text[..run.start], &text[run.end..]);
    if !after.trim_start_matches('=').starts_with(['"', '\\']) {
        return false;
    }
    let quoted = |text: &str| text.trim_end_matches('\\').len();
    let Some(key) = before.strip_suffix('"').map(|key| key[..quoted(key)].trim_end()) else { return false };
    let Some(key) = key.strip_suffix(':').and_then(|key| key.trim_end().strip_suffix('"')) else { return false };
    let key = &key[..quoted(key)];
    if !["content", "data", "file_data", "base64", "image"].iter().any(|name| key.ends_with(name)) {
        return false;
    }
    let around = |text: &str| TYPES.iter().any(|name| text.contains(name));
    let start = key.bytes().rev().take(NEAR).position(|byte| byte == b'{').map(|at| key.len() - 1 - at);
    let end = after.bytes().take(NEAR).position(|byte| byte == b'}');
    start.and_then(|start| key.get(start..)).is_some_and(around)
        || end.and_then(|end| after.get(..end)).is_some_and(around)
}

/// How far from a run the media type may stand.
const NEAR: usize = 400;

const TYPES: [&str; 4] = ["mime_type", "mimeType", "media_type", "mediaType"];

/// A list of numbers that begins as media does, such as the data of a `Buffer` in JSON.
fn list(text: &str, run: Range<usize>) -> Option<(Range<usize>, Form, Vec<u8>)> {
    // In JSON inside a JSON string a quote would end the string.
    let in_json = text[..run.start].ends_with("\":[") && !text[..run.start].ends_with("\\\":[");
    if !in_json || !text[run.end..].starts_with(']') {
        return None;
    }
    let numbers = &text[run.clone()];
    let beginning: Vec<u8> = numbers.split(',').take(DECISIVE).map_while(|number| number.parse().ok()).collect();
    if kind::content_type(&beginning) == kind::UNKNOWN {
        return None;
    }
    let bytes = Form::Numbers.read(numbers)?;
    Some((run, Form::Numbers, bytes))
}

/// Puts media back where they were cut out; a reference that `bytes_of` does not know stays.
pub fn into_text<'m>(text: &str, bytes_of: impl Fn(&str) -> Option<&'m [u8]>) -> Option<String> {
    let (mut whole, mut from) = (String::new(), 0);
    for (range, reference) in super::Reference::find(text) {
        let Some(bytes) = bytes_of(&reference.sha256) else { continue };
        let range = if reference.form == Form::Numbers { range.start.checked_sub(1)?..range.end + 1 } else { range };
        whole.push_str(text.get(from..range.start)?);
        whole.push_str(&reference.form.write(bytes));
        from = range.end;
    }
    if from == 0 {
        return None;
    }
    whole.push_str(text.get(from..)?);
    Some(whole)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn png(length: usize) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        bytes.extend((0..length).map(|at| u8::try_from(at * 7 % 256).unwrap_or_default()));
        bytes
    }

    #[track_caller]
    fn comes_back(text: &str, count: usize) -> String {
        let (cut, media) = out_of_text(text, 100).expect("media");
        assert_eq!(media.len(), count, "{cut}");
        let bytes = |sha256: &str| media.iter().find(|one| one.sha256 == sha256).map(|one| &one.bytes[..]);
        assert_eq!(into_text(&cut, bytes).as_deref(), Some(text));
        cut
    }

    #[test]
    fn media_leave_a_text_and_come_back_to_the_byte() {
        let data = STANDARD.encode(png(41));
        comes_back(&data, 1);
        comes_back(&format!("![a picture](data:image/png;base64,{data}) and {data}"), 2);
        comes_back(&format!(r#"[{{"type":"blob","content":"{data}"}},{{"data":"{data}"}}]"#), 2);
        comes_back(&URL_SAFE_NO_PAD.encode(png(42)), 1);
        comes_back(&format!("data:text/html;base64,{}", STANDARD.encode("<script>".repeat(9))), 1);
        let numbers = png(60).iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        let cut = comes_back(&format!(r#"{{"type":"Buffer","data":[{numbers}]}}"#), 1);
        assert!(serde_json::from_str::<serde_json::Value>(&cut).is_ok(), "{cut}");
    }

    #[test]
    fn long_words_that_are_no_media_stay() {
        let hash = "0123456789abcdef".repeat(20);
        let secret = STANDARD.encode([7_u8; 900]);
        let numbers = format!(r#"{{"tokens":[{}]}}"#, vec!["137"; 200].join(","));
        let nested = format!(r#"{{\"data\":[{}]}}"#, png(60).iter().map(u8::to_string).collect::<Vec<_>>().join(","));
        let broken = format!("data:image/png;base64,{}", &STANDARD.encode(png(60))[..85]);
        for text in [&hash, &secret, &numbers, &nested, &broken, "", "short", "data:image/png;base64,iVBO"] {
            assert!(out_of_text(text, 100).is_none(), "{text}");
        }
    }

    #[test]
    fn what_its_json_says_is_media_leaves_the_text_whatever_it_begins_with() {
        let data = STANDARD.encode([1_u8; 90]);
        comes_back(&format!(r#"[{{"type":"blob","mime_type":"audio/pcm","content":"{data}"}}]"#), 1);
        comes_back(&format!(r#"[{{"type": "blob", "content": "{data}", "mime_type": "image/svg+xml"}}]"#), 1);
        comes_back(&format!(r#""[{{\\\"mediaType\\\":\\\"audio/pcm\\\",\\\"data\\\":\\\"{data}\\\"}}]""#), 1);
        let beside =
            format!(r#"[{{"type":"text","content":"{data}"}},{{"type":"blob","mime_type":"a/b","content":""}}]"#);
        assert!(out_of_text(&beside, 100).is_none());
    }

    #[test]
    fn more_than_may_be_cut_stays_in_the_text() {
        let data = STANDARD.encode(png(41));
        let text = format!("{data} {data} {data}");
        let (cut, media) = out_of_text(&text, 2).expect("media");
        assert_eq!(media.len(), 2);
        assert!(cut.ends_with(&data));
    }

    proptest! {
        #[test]
        fn no_run_is_missed_and_no_text_is_changed(before in "[ a-z\"]{0,120}", size in 40_usize..400, after in "[ -~é]{0,120}") {
            let data = STANDARD.encode(png(size));
            let text = format!("{before} {data} {after}");
            let (cut, media) = out_of_text(&text, 100).expect("media");
            prop_assert_eq!(media.len(), 1);
            let whole = into_text(&cut, |_| Some(&media[0].bytes[..]));
            prop_assert_eq!(whole, Some(text));
        }
    }
}
