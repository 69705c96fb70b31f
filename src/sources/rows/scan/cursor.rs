//! Reading JSON text from left to right, strictly (RFC 8259) and without recursion.

use std::ops::Range;

use super::block::{block_at, end_of_ascii, end_of_plain, not_space};
use super::expected::end_of_short_integer;

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

/// What is read, or what is wrong where the cursor stands.
pub(in crate::sources::rows) type Scan<T> = Result<T, Problem>;

/// A string's place: the text between the quotes.
#[derive(Clone, Copy, Debug)]
pub(in crate::sources::rows) struct Text {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) escaped: bool,
}

/// A place in a text.
pub(in crate::sources::rows) struct Cursor<'a> {
    pub(in crate::sources::rows) bytes: &'a [u8],
    pub(in crate::sources::rows) at: usize,
    /// How many brackets are open.
    pub(super) depth: u32,
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
    pub(in crate::sources::rows) fn new(bytes: &'a [u8]) -> Result<Self, MalformedResponse> {
        // That a text is ASCII is seen in less than half the time.
        let ascii = end_of_ascii(bytes);
        match simdutf8::compat::from_utf8(&bytes[ascii..]) {
            Ok(_) => Ok(Self { bytes, at: 0, depth: 0, max_depth: MAX_DEPTH, extreme: false }),
            Err(error) => Err(MalformedResponse { at: ascii + error.valid_up_to(), problem: Problem::Encoding }),
        }
    }

    /// At the start of a body, whose places are numbers of 32 bits.
    pub(super) fn of_body(bytes: &'a [u8]) -> Result<Self, MalformedResponse> {
        let cursor = Self::new(bytes)?;
        match u32::try_from(bytes.len()) {
            Ok(_) => Ok(cursor),
            Err(_) => Err(cursor.malformed(Problem::TooLarge)),
        }
    }

    /// A problem, with the place.
    pub(super) fn malformed(&self, problem: Problem) -> MalformedResponse {
        MalformedResponse { at: self.at, problem }
    }

    /// The next character that is not space.
    #[inline]
    pub(in crate::sources::rows) fn token(&mut self) -> Scan<u8> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte > b' ' => Ok(byte),
            _ => self.token_after_space(),
        }
    }

    #[inline(never)]
    fn token_after_space(&mut self) -> Scan<u8> {
        while let Some(block) = block_at(self.bytes, self.at) {
            let marks = not_space(block);
            if marks != 0 {
                let within = marks.trailing_zeros() as usize;
                self.at += within;
                return block.get(within).copied().ok_or(Problem::End);
            }
            self.at += block.len();
        }
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(Problem::End)
    }

    /// Steps over one character that must come next.
    #[inline]
    pub(in crate::sources::rows) fn expect(&mut self, byte: u8) -> Scan<()> {
        if self.token()? != byte {
            return Err(Problem::Syntax);
        }
        self.at += 1;
        Ok(())
    }

    /// Nothing but space may follow.
    pub(super) fn end(&mut self) -> Scan<()> {
        match self.token() {
            Ok(_) => Err(Problem::Trailing),
            Err(_) => Ok(()),
        }
    }

    /// Steps over the bracket that opens a list or object.
    #[inline]
    pub(in crate::sources::rows) fn enter(&mut self) -> Scan<()> {
        if self.depth == self.max_depth {
            return Err(Problem::Depth);
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

    /// Inside so many brackets that were stepped over without telling.
    #[inline]
    pub(super) fn descend(&mut self, brackets: u32) -> Scan<()> {
        self.depth += brackets;
        if self.depth > self.max_depth { Err(Problem::Depth) } else { Ok(()) }
    }

    /// Outside of them again.
    #[inline]
    pub(super) fn ascend(&mut self, brackets: u32) {
        self.depth -= brackets;
    }

    /// After the opening bracket: whether there is an item, or (false) the closing bracket, which is
    /// stepped over.
    #[inline]
    pub(in crate::sources::rows) fn any(&mut self, close: u8) -> Scan<bool> {
        let any = self.token()? != close;
        if !any {
            self.leave();
        }
        Ok(any)
    }

    /// After an item: over a comma (true) or the closing bracket (false).
    #[inline]
    pub(in crate::sources::rows) fn more(&mut self, close: u8) -> Scan<bool> {
        match self.token()? {
            b',' => {
                self.at += 1;
                Ok(true)
            }
            byte if byte == close => {
                self.leave();
                Ok(false)
            }
            _ => Err(Problem::Syntax),
        }
    }

    /// Reads a string; the quote comes next.
    pub(in crate::sources::rows) fn string(&mut self) -> Scan<Text> {
        if self.token()? != b'"' {
            return Err(Problem::Syntax);
        }
        self.rest_of_string()
    }

    /// Reads a string whose quote has been seen here.
    #[inline]
    pub(super) fn rest_of_string(&mut self) -> Scan<Text> {
        let start = self.at + 1;
        self.at = end_of_plain(self.bytes, start);
        if let Some(b'"') = self.bytes.get(self.at) {
            self.at += 1;
            return Ok(Text { start, end: self.at - 1, escaped: false });
        }
        self.special_string(start)
    }

    /// Reads a string on from the first character that is more than text.
    #[inline(never)]
    fn special_string(&mut self, start: usize) -> Scan<Text> {
        let mut escaped = false;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Text { start, end: self.at - 1, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    let behind = end_of_escape(self.bytes, self.at)?;
                    self.at = end_of_plain(self.bytes, behind);
                }
                Some(_) => return Err(Problem::Control),
                None => return Err(Problem::End),
            }
        }
    }

    /// A string's meaning, escapes resolved.
    #[inline]
    pub(in crate::sources::rows) fn meaning(&self, text: Text) -> std::borrow::Cow<'a, [u8]> {
        let raw = &self.bytes[text.start..text.end];
        if !text.escaped {
            return raw.into();
        }
        let quoted = &self.bytes[text.start - 1..=text.end];
        let decoded: String = serde_json::from_slice(quoted).expect("the string was checked when it was read");
        decoded.into_bytes().into()
    }

    /// Steps over any value.
    #[inline]
    pub(super) fn skip(&mut self) -> Scan<()> {
        match self.token()? {
            b'"' => self.rest_of_string().map(drop),
            b'1'..=b'9' if let Some(end) = end_of_short_integer(self.bytes, self.at) => {
                self.at = end;
                Ok(())
            }
            b'{' | b'[' => self.value().map(drop),
            _ => self.scalar(),
        }
    }

    /// Reads any value whole.
    pub(in crate::sources::rows) fn value(&mut self) -> Scan<Range<usize>> {
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
                    _ => return Err(Problem::Syntax),
                }
            }
        }
    }

    /// Reads a string, number, `true`, `false` or `null`.
    pub(super) fn scalar(&mut self) -> Scan<()> {
        match self.token()? {
            b'"' => self.rest_of_string().map(drop),
            b'-' | b'0'..=b'9' => self.number().map(drop),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => Err(Problem::Syntax),
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
            return Err(if word.starts_with(rest) { Problem::End } else { Problem::Syntax });
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
        let start = self.at;
        while let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            self.at += 1;
        }
        match self.at - start {
            0 if start == self.bytes.len() => Err(Problem::End),
            0 => Err(Problem::Syntax),
            count => Ok(count),
        }
    }
}

/// Where an escape ends that begins here with its backslash.
pub(super) fn end_of_escape(text: &[u8], at: usize) -> Scan<usize> {
    match text.get(at + 1) {
        None => Err(Problem::End),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match hex(text, at + 2) {
            Some(0xD800..0xDC00) => {
                let second = text.get(at + 6..at + 8) == Some(b"\\u");
                match hex(text, at + 8).filter(|_| second) {
                    Some(0xDC00..0xE000) => Ok(at + 12),
                    _ => Err(Problem::Escape),
                }
            }
            Some(0xDC00..0xE000) | None => Err(Problem::Escape),
            Some(_) => Ok(at + 6),
        },
        Some(_) => Err(Problem::Escape),
    }
}

fn hex(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + 4)?;
    digits.iter().try_fold(0u16, |code, &digit| Some(code << 4 | u16::try_from(char::from(digit).to_digit(16)?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(text: &[u8]) -> Result<(), MalformedResponse> {
        let mut cursor = Cursor::new(text)?;
        cursor.value().and_then(|_| cursor.end()).map_err(|problem| cursor.malformed(problem))
    }

    #[test]
    fn what_is_no_utf_8_is_found_wherever_it_stands() {
        for len in [0, 1, 31, 32, 255, 256, 257, 511, 512, 700] {
            let mut text = vec![b'x'; len];
            assert!(Cursor::new(&text).is_ok());
            for at in (0..len).step_by(7).chain(len.checked_sub(1)) {
                text[at] = 0xFF;
                let problem = MalformedResponse { at, problem: Problem::Encoding };
                assert_eq!(Cursor::new(&text).err(), Some(problem), "{at} of {len}");
                text[at] = b'x';
                if at + 1 < len {
                    text[at..at + 2].copy_from_slice("é".as_bytes());
                    assert!(Cursor::new(&text).is_ok(), "{at} of {len}");
                    text[at..at + 2].fill(b'x');
                }
            }
        }
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
