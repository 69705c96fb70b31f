//! Reading JSON text from left to right, strictly (RFC 8259) and without recursion.

use std::ops::Range;

use crate::sources::rows::shape::Key;

/// How deep an answer may nest.
pub const MAX_DEPTH: u32 = 128;

/// Why an answer could not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the answer is not as agreed at byte {at}: {problem}")]
pub struct MalformedResponse {
    /// Where in the body.
    pub at: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    /// Not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// The text ends inside a value.
    #[error("the text ends too early")]
    End,
    /// Another character than JSON allows here.
    #[error("unexpected character")]
    Syntax,
    /// More text after the value.
    #[error("more text after the end")]
    Trailing,
    /// A control character inside a string.
    #[error("control character in a string")]
    Control,
    /// A backslash that does not start an escape, or half a surrogate pair.
    #[error("bad escape in a string")]
    Escape,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested too deeply")]
    Depth,
    /// A known key stands twice in one object.
    #[error("a key stands twice in one object")]
    Duplicate,
    /// The document is not the kind of value it must be.
    #[error("not the kind of value that was expected")]
    Kind,
    /// Neither `data` nor `errors`.
    #[error("neither data nor errors")]
    Empty,
    /// Another number of entities than were asked for.
    #[error("another number of entities than were asked for")]
    Count,
    /// More cells or bytes than one answer may fill.
    #[error("too large")]
    TooLarge,
}

pub(super) type Scan<T> = Result<T, MalformedResponse>;

/// A string's place: the text between the quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) escaped: bool,
}

/// A place in a text.
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    depth: u32,
    /// How deep the text may nest.
    pub(super) max_depth: u32,
    /// Whether a number was met that is, or may be, beyond what values hold.
    pub(super) extreme: bool,
}

// === impl MalformedResponse ===

impl MalformedResponse {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self.problem {
            Problem::TooLarge => "RESPONSE_TOO_LARGE",
            _ => "SUBREQUEST_MALFORMED_RESPONSE",
        }
    }
}

// === impl Cursor ===

impl<'a> Cursor<'a> {
    /// At the start of a text that must be UTF-8.
    pub(super) fn new(bytes: &'a [u8]) -> Scan<Self> {
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(Self { bytes, at: 0, depth: 0, max_depth: MAX_DEPTH, extreme: false }),
            Err(error) => Err(MalformedResponse { at: error.valid_up_to(), problem: Problem::Encoding }),
        }
    }

    /// An error here.
    pub(super) fn error<T>(&self, problem: Problem) -> Scan<T> {
        Err(MalformedResponse { at: self.at, problem })
    }

    /// The next character that is not space.
    #[inline]
    pub(super) fn token(&mut self) -> Scan<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(byte);
            }
            self.at += 1;
        }
        self.error(Problem::End)
    }

    /// Steps over one character that must come next.
    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Scan<()> {
        if self.token()? != byte {
            return self.error(Problem::Syntax);
        }
        self.at += 1;
        Ok(())
    }

    /// Nothing but space may follow.
    pub(super) fn end(&mut self) -> Scan<()> {
        match self.token() {
            Ok(_) => self.error(Problem::Trailing),
            Err(_) => Ok(()),
        }
    }

    /// Steps over the bracket that opens a list or object.
    #[inline]
    pub(super) fn enter(&mut self) -> Scan<()> {
        if self.depth == self.max_depth {
            return self.error(Problem::Depth);
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Steps over the bracket that closes a list or object.
    #[inline]
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    /// After an item: over a comma (true) or the closing bracket (false).
    #[inline]
    pub(super) fn more(&mut self, close: u8) -> Scan<bool> {
        match self.token()? {
            b',' => {
                self.at += 1;
                Ok(true)
            }
            byte if byte == close => {
                self.leave();
                Ok(false)
            }
            _ => self.error(Problem::Syntax),
        }
    }

    /// Steps over `"key":` if exactly that comes next.
    #[inline]
    pub(super) fn eat_key(&mut self, key: &Key) -> bool {
        match self.bytes.get(self.at..).and_then(|rest| key.leads(rest)) {
            Some(len) => {
                self.at += len;
                true
            }
            None => false,
        }
    }

    /// Reads a string; the quote comes next.
    pub(super) fn string(&mut self) -> Scan<Text> {
        if self.token()? != b'"' {
            return self.error(Problem::Syntax);
        }
        self.rest_of_string()
    }

    /// Reads a string whose quote has been seen here.
    #[inline]
    pub(super) fn rest_of_string(&mut self) -> Scan<Text> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Text { start, end: self.at - 1, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return self.error(Problem::Control),
                None => return self.error(Problem::End),
            }
        }
    }

    /// A string's meaning, escapes resolved.
    #[inline]
    pub(super) fn meaning(&self, text: Text) -> std::borrow::Cow<'a, [u8]> {
        let raw = &self.bytes[text.start..text.end];
        if !text.escaped {
            return raw.into();
        }
        let quoted = &self.bytes[text.start - 1..=text.end];
        let decoded: String = serde_json::from_slice(quoted).expect("the string was checked when it was read");
        decoded.into_bytes().into()
    }

    /// Reads any value whole.
    pub(super) fn value(&mut self) -> Scan<Range<usize>> {
        let first = self.token()?;
        let (start, base) = (self.at, self.depth);
        if !matches!(first, b'{' | b'[') {
            self.scalar()?;
            return Ok(start..self.at);
        }
        // One bit for each open bracket, the innermost lowest: whether it is an object.
        let mut objects: u128 = 0;
        loop {
            match self.token()? {
                b'{' => {
                    self.enter()?;
                    objects = objects << 1 | 1;
                    if self.token()? != b'}' {
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.enter()?;
                    objects <<= 1;
                    if self.token()? != b']' {
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            loop {
                if self.depth == base {
                    return Ok(start..self.at);
                }
                match (self.token()?, objects & 1) {
                    (b',', is_object) => {
                        self.at += 1;
                        if is_object == 1 {
                            self.key()?;
                        }
                        break;
                    }
                    (b'}', 1) | (b']', 0) => {
                        self.leave();
                        objects >>= 1;
                    }
                    _ => return self.error(Problem::Syntax),
                }
            }
        }
    }

    /// Reads a string, number, `true`, `false` or `null`.
    pub(super) fn scalar(&mut self) -> Scan<()> {
        match self.token()? {
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number().map(drop),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.error(Problem::Syntax),
        }
    }

    /// Reads a number; true if it has neither fraction nor exponent.
    pub(super) fn number(&mut self) -> Scan<bool> {
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.extreme |= self.digits()? > 200,
        }
        let mut integer = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            integer = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            integer = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.extreme |= self.digits()? > 2;
        }
        Ok(integer)
    }

    /// Reads `true`, `false` or `null`.
    pub(super) fn word(&mut self, word: &[u8]) -> Scan<()> {
        let rest = &self.bytes[self.at..];
        if !rest.starts_with(word) {
            return self.error(if word.starts_with(rest) { Problem::End } else { Problem::Syntax });
        }
        self.at += word.len();
        Ok(())
    }

    fn key(&mut self) -> Scan<()> {
        self.string()?;
        self.expect(b':')
    }

    /// Reads digits, at least one; answers how many.
    #[inline]
    fn digits(&mut self) -> Scan<usize> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        match (count, self.at == self.bytes.len()) {
            (0, true) => self.error(Problem::End),
            (0, false) => self.error(Problem::Syntax),
            _ => Ok(count),
        }
    }

    /// Steps over an escape; the backslash comes next.
    fn escape(&mut self) -> Scan<()> {
        match self.bytes.get(self.at + 1) {
            None => return self.error(Problem::End),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match self.hex(self.at + 2) {
                Some(0xD800..0xDC00) => {
                    let second = self.bytes.get(self.at + 6..self.at + 8) == Some(b"\\u");
                    match self.hex(self.at + 8).filter(|_| second) {
                        Some(0xDC00..0xE000) => self.at += 12,
                        _ => return self.error(Problem::Escape),
                    }
                }
                Some(0xDC00..0xE000) | None => return self.error(Problem::Escape),
                Some(_) => self.at += 6,
            },
            Some(_) => return self.error(Problem::Escape),
        }
        Ok(())
    }

    fn hex(&self, at: usize) -> Option<u16> {
        let digits = self.bytes.get(at..at + 4)?;
        digits
            .iter()
            .try_fold(0u16, |code, &digit| Some(code << 4 | u16::try_from(char::from(digit).to_digit(16)?).ok()?))
    }
}

/// How many bytes come before the next quote, backslash or control character; sixteen at a time.
///
/// On its own, so that the constants of the loop stay in registers.
#[inline(never)]
fn plain_run(bytes: &[u8]) -> usize {
    let (pairs, rest) = bytes.as_chunks::<16>();
    for (index, pair) in pairs.iter().enumerate() {
        let (words, _) = pair.as_chunks::<8>();
        let (first, second) = (specials(words[0]), specials(words[1]));
        if first | second != 0 {
            let within = if first != 0 { first.trailing_zeros() } else { 64 + second.trailing_zeros() };
            return index * 16 + within as usize / 8;
        }
    }
    pairs.len() * 16 + rest.iter().take_while(|&&byte| byte != b'"' && byte != b'\\' && byte >= 0x20).count()
}

/// Marks the first quote, backslash or control character of a word by the high bit of its byte; what
/// comes after that byte may be marked although it is none of them.
#[inline]
fn specials(word: [u8; 8]) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    let word = u64::from_le_bytes(word);
    // The classic test for bytes below a bound. With one bit turned, the quote and the control
    // characters, and only those, stand below one bound.
    let quote_or_control = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    (quote_or_control | backslash) & !word & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(text: &[u8]) -> Scan<()> {
        let mut cursor = Cursor::new(text)?;
        cursor.value()?;
        cursor.end()
    }

    #[test]
    fn a_run_ends_at_the_first_special_byte() {
        for special in [b'"', b'\\', 0x00, 0x1F] {
            for at in 0..70 {
                let mut text = vec![b'a'; 75];
                text[at] = special;
                text[at + 1] = b'"';
                assert_eq!(plain_run(&text), at, "{special}");
            }
        }
        assert_eq!(plain_run("äöü€🦀 \u{7f}\u{80}!!!!!!".as_bytes()), "äöü€🦀 \u{7f}\u{80}!!!!!!".len());
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(whole(deep(128).as_bytes()).is_ok());
        assert_eq!(whole(deep(129).as_bytes()).unwrap_err().problem, Problem::Depth);
        assert_eq!(whole("[".repeat(5_000_000).as_bytes()).unwrap_err().problem, Problem::Depth);
        assert_eq!(whole("{\"a\":".repeat(5_000_000).as_bytes()).unwrap_err().problem, Problem::Depth);
    }

    #[test]
    fn names_what_is_wrong() {
        for (text, problem) in [
            (&b"\"a\nb\""[..], Problem::Control),
            (b"\"\\x\"", Problem::Escape),
            (b"\"\\ud800\"", Problem::Escape),
            (b"\"\\udc00\"", Problem::Escape),
            (b"[1,2", Problem::End),
            (b"[1,]", Problem::Syntax),
            (b"{\"a\" 1}", Problem::Syntax),
            (b"[1}", Problem::Syntax),
            (b"01", Problem::Trailing),
            (b"1.", Problem::End),
            (b"\xff", Problem::Encoding),
            (b"{} x", Problem::Trailing),
        ] {
            assert_eq!(whole(text).unwrap_err().problem, problem, "{}", String::from_utf8_lossy(text));
        }
    }

    proptest! {
        #[test]
        fn accepts_what_serde_json_accepts(text in r#"[\[\]{},:"\\ a0-9.eE+\-tn/u]{0,24}|(\[|\{"a":)?(true|null|-?[0-9.e]{1,5}|"[a\\nu0-9d"]{0,8}")(\]|\})?"#) {
            // serde_json refuses numbers beyond f64; a gateway passes them through.
            let theirs = serde_json::from_str::<Box<serde_json::value::RawValue>>(&text);
            let strict = serde_json::from_str::<serde_json::Value>(&text);
            let ours = whole(text.as_bytes());
            if theirs.is_ok() == strict.is_ok() {
                prop_assert_eq!(ours.is_ok(), strict.is_ok(), "{} {:?} {:?}", text, ours, strict);
            }
        }
    }
}
