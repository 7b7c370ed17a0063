//! A parser for what clients put into strings: JSON, Python literals, and either of them cut off by a length limit.

use std::borrow::Cow;

use super::node::{MAX_DEPTH, Node};

/// What a string turned out to hold.
pub(crate) struct Parsed<'a> {
    /// The value.
    pub(crate) node: Node<'a>,
    /// The text ended too early; the value is what could be read of it.
    pub(crate) truncated: bool,
}

/// Reads a string that may hold JSON or a Python literal, whole or cut off.
///
/// `None` if the string does not start like an object, a list or a quoted string, or does not follow either syntax: then
/// it is a text that happens to begin with a bracket.
pub(crate) fn structured(text: &str) -> Option<Parsed<'_>> {
    match text.trim_ascii_start().as_bytes().first()? {
        b'{' | b'[' => run(text, true, true),
        b'"' => run(text, false, false),
        _ => None,
    }
}

/// Reads a string that must be a whole JSON object or list.
pub(crate) fn json_container(text: &str) -> Option<Node<'_>> {
    match text.trim_ascii_start().as_bytes().first()? {
        b'{' | b'[' => run(text, false, false).map(|parsed| parsed.node),
        _ => None,
    }
}

/// Reads a string that is JSON of any type, as some clients encode every value.
pub(crate) fn json(text: &str) -> Option<Parsed<'_>> {
    let container = matches!(text.trim_ascii_start().as_bytes().first()?, b'{' | b'[');
    run(text, container, container)
}

fn run(text: &str, python: bool, repair: bool) -> Option<Parsed<'_>> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, python, truncated: false };
    let node = match parser.value(0) {
        Ok(node) => node,
        Err(Stop::End) | Err(Stop::Syntax) => return None,
    };
    parser.skip_space();
    if parser.at < parser.bytes.len() || (parser.truncated && (!repair || node.is_blank())) {
        return None;
    }
    Some(Parsed { node, truncated: parser.truncated })
}

/// Why no value could be read.
enum Stop {
    /// The text ended before the value did, and nothing of it is usable.
    End,
    /// The text follows neither syntax.
    Syntax,
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    python: bool,
    truncated: bool,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::Syntax);
        }
        self.skip_space();
        match self.peek().ok_or(Stop::End)? {
            b'"' => Ok(Node::Text(self.string(b'"')?)),
            b'\'' if self.python => Ok(Node::Text(self.string(b'\'')?)),
            b'b' if self.python && matches!(self.bytes.get(self.at + 1), Some(b'"' | b'\'')) => {
                self.at += 1;
                let quote = self.bytes[self.at];
                Ok(Node::Text(self.string(quote)?))
            }
            b'{' => self.map(depth),
            b'[' => self.list(b']', depth),
            b'(' if self.python => self.list(b')', depth),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.word(),
        }
    }

    fn list(&mut self, close: u8, depth: usize) -> Result<Node<'a>, Stop> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                None => {
                    self.truncated = true;
                    return Ok(Node::List(items));
                }
                Some(byte) if byte == close => {
                    self.at += 1;
                    return Ok(Node::List(items));
                }
                Some(b',') if !items.is_empty() => self.at += 1,
                Some(_) => match self.value(depth + 1) {
                    Ok(item) => {
                        items.push(item);
                        self.after_item(close)?;
                    }
                    Err(Stop::End) => self.end(),
                    Err(Stop::Syntax) => return Err(Stop::Syntax),
                },
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Node<'a>, Stop> {
        self.at += 1;
        let mut pairs: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
        loop {
            self.skip_space();
            let quote = match self.peek() {
                None => {
                    self.truncated = true;
                    return Ok(Node::Map(pairs));
                }
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Node::Map(pairs));
                }
                Some(b',') if !pairs.is_empty() => {
                    self.at += 1;
                    continue;
                }
                Some(quote @ b'"') => quote,
                Some(quote @ b'\'') if self.python => quote,
                Some(_) => return Err(Stop::Syntax),
            };
            let before = self.truncated;
            let key = self.string(quote)?;
            self.skip_space();
            match self.peek() {
                // A key without a value says nothing, whether the key itself was cut or not.
                None => {
                    self.truncated = true;
                    continue;
                }
                Some(b':') if self.truncated == before => self.at += 1,
                Some(_) => return Err(Stop::Syntax),
            }
            match self.value(depth + 1) {
                Ok(value) => {
                    pairs.push((key, value));
                    self.after_item(b'}')?;
                }
                Err(Stop::End) => self.end(),
                Err(Stop::Syntax) => return Err(Stop::Syntax),
            }
        }
    }

    /// Between two items stands a comma; anything else is not this syntax.
    fn after_item(&mut self, close: u8) -> Result<(), Stop> {
        self.skip_space();
        match self.peek() {
            None => {
                self.truncated = true;
                Ok(())
            }
            Some(b',') => Ok(()),
            Some(byte) if byte == close => Ok(()),
            Some(_) => Err(Stop::Syntax),
        }
    }

    fn end(&mut self) {
        self.at = self.bytes.len();
        self.truncated = true;
    }

    fn string(&mut self, quote: u8) -> Result<Cow<'a, str>, Stop> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                None => {
                    self.truncated = true;
                    return Ok(Cow::Borrowed(&self.text[start..]));
                }
                Some(b'\\') => return self.escaped_string(start, quote),
                Some(byte) if byte == quote => {
                    let text = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn escaped_string(&mut self, start: usize, quote: u8) -> Result<Cow<'a, str>, Stop> {
        let mut out = String::with_capacity((self.at - start) * 2 + 16);
        let mut from = start;
        loop {
            match self.peek() {
                None => {
                    out.push_str(&self.text[from..]);
                    self.truncated = true;
                    return Ok(Cow::Owned(out));
                }
                Some(b'\\') => {
                    out.push_str(&self.text[from..self.at]);
                    if !self.escape(&mut out)? {
                        self.end();
                        return Ok(Cow::Owned(out));
                    }
                    from = self.at;
                }
                Some(byte) if byte == quote => {
                    out.push_str(&self.text[from..self.at]);
                    self.at += 1;
                    return Ok(Cow::Owned(out));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// Reads one escape; false if the text ends inside it.
    fn escape(&mut self, out: &mut String) -> Result<bool, Stop> {
        let Some(kind) = self.bytes.get(self.at + 1).copied() else { return Ok(false) };
        self.at += 2;
        let plain = match kind {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'"' | b'\\' | b'/' | b'\'' => char::from(kind),
            b'u' => return Ok(self.unicode(out)),
            b'x' if self.python => return Ok(self.hex_escape(out, 2)),
            b'U' if self.python => return Ok(self.hex_escape(out, 8)),
            b'0' | b'a' | b'v' if self.python => return Ok(true),
            _ => return Err(Stop::Syntax),
        };
        out.push(plain);
        Ok(true)
    }

    fn unicode(&mut self, out: &mut String) -> bool {
        let Some(first) = self.hex(4) else { return false };
        if !(0xD800..0xDC00).contains(&first) {
            push_scalar(out, first);
            return true;
        }
        // The other half of the pair may have been cut off; then the character is lost.
        if self.at + 6 > self.bytes.len() {
            return if self.bytes[self.at..].iter().all(|byte| matches!(byte, b'\\' | b'u' | b'0'..=b'9' | b'a'..=b'f'))
            {
                false
            } else {
                out.push(char::REPLACEMENT_CHARACTER);
                true
            };
        }
        if self.bytes[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            match self.hex(4) {
                Some(second) if (0xDC00..0xE000).contains(&second) => {
                    push_scalar(out, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
                    return true;
                }
                _ => self.at = back,
            }
        }
        out.push(char::REPLACEMENT_CHARACTER);
        true
    }

    fn hex_escape(&mut self, out: &mut String, digits: usize) -> bool {
        match self.hex(digits) {
            Some(code) => {
                push_scalar(out, code);
                true
            }
            None => false,
        }
    }

    /// Reads hexadecimal digits; `None` without moving if they are not all there.
    fn hex(&mut self, digits: usize) -> Option<u32> {
        let slice = self.bytes.get(self.at..self.at + digits)?;
        let mut code = 0u32;
        for byte in slice {
            code = (code << 4) | char::from(*byte).to_digit(16)?;
        }
        self.at += digits;
        Some(code)
    }

    fn number(&mut self) -> Result<Node<'a>, Stop> {
        let start = self.at;
        self.at += 1;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-' | b'_')) {
            self.at += 1;
        }
        if self.text[start..].starts_with("-Infinity") || self.text[start..].starts_with("-inf") {
            self.at = start + 1;
            self.word()?;
            return Ok(Node::Float(f64::NEG_INFINITY));
        }
        if self.at == self.bytes.len() && start > 0 {
            // A number at the very end may have lost digits: better none than a wrong one.
            return Err(Stop::End);
        }
        let digits = &self.text[start..self.at];
        if let Ok(number) = digits.parse::<i64>() {
            return Ok(Node::Int(number));
        }
        digits.parse::<f64>().map(Node::Float).map_err(|_| Stop::Syntax)
    }

    fn word(&mut self) -> Result<Node<'a>, Stop> {
        let rest = &self.text[self.at..];
        const WORDS: [(&str, Node<'static>); 10] = [
            ("null", Node::Null),
            ("true", Node::Bool(true)),
            ("false", Node::Bool(false)),
            ("None", Node::Null),
            ("True", Node::Bool(true)),
            ("False", Node::Bool(false)),
            ("NaN", Node::Float(f64::NAN)),
            ("nan", Node::Float(f64::NAN)),
            ("Infinity", Node::Float(f64::INFINITY)),
            ("inf", Node::Float(f64::INFINITY)),
        ];
        for (word, node) in WORDS {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(node);
            }
            if !rest.is_empty() && word.starts_with(rest) {
                return Err(Stop::End);
            }
        }
        Err(Stop::Syntax)
    }
}

/// Adds a character. NUL is left out, because databases refuse it in text.
fn push_scalar(out: &mut String, code: u32) {
    if code != 0 {
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}
