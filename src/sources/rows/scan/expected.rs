//! Keys that come as expected, with simple values: read in one loop, without errors. Whatever else
//! comes is left to those who read token by token.

use fearless_simd::{Level, Simd, dispatch};

use crate::sources::rows::lead::{Lead, Wants};
use crate::sources::rows::slot::Slot;
use crate::sources::rows::template::WIDTH;

use super::block::{Block, WINDOW, behind, block_at, end_of_plain, not_digits, specials, specials_by, window_at};
use super::cursor::end_of_escape;

/// So many keys that are not there are passed over at once.
const MAX_ABSENT: usize = 4;

/// Where leaves go: they stand in `part`, and fill cells that are empty.
pub(super) struct Cells<'c> {
    pub(super) part: u32,
    pub(super) cells: &'c mut [Slot],
}

/// How far an object was read.
pub(super) struct Read {
    /// Where in the text.
    pub(super) at: usize,
    /// Which lead is next.
    pub(super) next: usize,
    /// The lead that was met last and leads here, if its value takes more to be read.
    pub(super) to_value: Option<usize>,
}

/// Reads keys and values from `at` on, behind a value or at the bracket, which is the one at `opening`, as
/// long as `leads` tell them from `next` on. Marks keys in `seen`.
#[inline(always)]
pub(super) fn read_expected(
    text: &[u8],
    mut at: usize,
    opening: usize,
    leads: &[Lead],
    mut next: usize,
    to: Cells<'_>,
    seen: &mut u64,
) -> Read {
    let Cells { part, cells } = to;
    while let Some(lead) = leads.get(next) {
        let Some(start) = lead.end(text, at, opening) else {
            match later(text, at, opening, leads, next) {
                Some(later) => next = later,
                None => break,
            }
            continue;
        };
        if *seen & lead.bit != 0 {
            break;
        }
        let end = match (text.get(start), lead.wants) {
            (Some(b'"'), Wants::Text | Wants::Nothing) => end_of_text(text, start),
            (Some(b'0'..=b'9'), Wants::Integer | Wants::Nothing) => end_of_short_integer(text, start),
            (Some(b'0'..=b'9'), Wants::Number) => end_of_short_number(text, start),
            (Some(b't' | b'f'), Wants::Boolean) => end_of_boolean(text, start),
            _ => None,
        };
        let Some(end) = end else { return Read { at: start, next: next + 1, to_value: Some(next) } };
        if lead.wants != Wants::Nothing {
            let leaf = Slot::Raw { part, start: start as u32, len: (end - start) as u32 };
            fill(cells, lead.cell.0, leaf);
            if let Some(also) = lead.also {
                fill(cells, also.0, leaf);
            }
        }
        *seen |= lead.bit;
        (at, next) = (end, next + 1);
    }
    Read { at, next, to_value: None }
}

/// The next lead that stands here, when the key of this one is not there.
#[inline(never)]
fn later(text: &[u8], at: usize, opening: usize, leads: &[Lead], next: usize) -> Option<usize> {
    let later = leads.iter().enumerate().skip(next + 1).take(MAX_ABSENT);
    later.filter(|(_, lead)| lead.end(text, at, opening).is_some()).map(|(index, _)| index).next()
}

#[inline(always)]
fn fill(cells: &mut [Slot], cell: u32, leaf: Slot) {
    if let Some(empty @ Slot::Missing) = cells.get_mut(cell as usize) {
        *empty = leaf;
    }
}

/// Where the string ends that begins here, behind its other quote; none if there is none, or something is
/// wrong with it.
#[inline(always)]
pub(super) fn end_of_text(text: &[u8], quote: usize) -> Option<usize> {
    if text.get(quote) != Some(&b'"') {
        return None;
    }
    let start = quote + 1;
    if let Some(marks) = block_at(text, start).map(specials)
        && marks != 0
    {
        let end = start + marks.trailing_zeros() as usize;
        if text.get(end) == Some(&b'"') {
            return Some(end + 1);
        }
    }
    end_of_long_text(text, start)
}

#[inline(never)]
fn end_of_long_text(text: &[u8], start: usize) -> Option<usize> {
    match dispatch!(Level::new(), simd => end_of_text_by(simd, text, start)) {
        Ok((end, _)) => Some(end),
        Err(at) => end_of_last_text(text, at),
    }
}

/// Where the string ends that goes on here, and what stands behind it, by the vectors that this processor has;
/// or else how far it goes on until something is wrong with it, or the text is about to end.
#[inline(always)]
pub(super) fn end_of_text_by<S: Simd>(simd: S, text: &[u8], mut at: usize) -> Result<(usize, &[u8; WIDTH]), usize> {
    while let Some(window) = window_at(text, at) {
        let mut marks = specials_by(simd, window);
        let mut next = at + WINDOW;
        while marks != 0 {
            let special = marks.trailing_zeros() as usize;
            let here = [window[special], window[special + 1]];
            // By far the most frequent one is told by one comparison.
            if u16::from_ne_bytes(here) == u16::from_ne_bytes(*b"\\n") {
                marks &= marks - 1;
                continue;
            }
            match here {
                [b'"', _] => return Ok((at + special + 1, behind(window, special).ok_or(at)?)),
                [b'\\', b'"' | b'\\'] => {
                    marks &= marks - 1;
                    // The other one may stand behind these bytes.
                    marks &= marks.wrapping_sub(1);
                    next = next.max(at + special + 2);
                }
                [b'\\', _] => {
                    let end = end_of_rare_escape(text, at + special).ok_or(at + special)?;
                    // Of the escape itself nothing is special.
                    marks &= u64::MAX.checked_shl((end - at) as u32).unwrap_or_default();
                    next = next.max(end);
                }
                _ => return Err(at + special),
            }
        }
        at = next;
    }
    Err(at)
}

#[cold]
fn end_of_rare_escape(text: &[u8], at: usize) -> Option<usize> {
    end_of_escape(text, at).ok()
}

/// Where the string ends that goes on here, close to the end of the text.
#[cold]
fn end_of_last_text(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = end_of_plain(text, at);
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = end_of_escape(text, at).ok()?,
            _ => return None,
        }
    }
}

/// Where an integer ends that is certainly in range, as all of nine digits are; none if there is none, or
/// it is more than an integer.
#[inline(always)]
pub(super) fn end_of_short_integer(text: &[u8], start: usize) -> Option<usize> {
    let end = end_of_few_digits(text, start)?;
    (!matches!(text.get(end)?, b'.' | b'e' | b'E')).then_some(end)
}

/// Where some digits end that are all of an integer that is certainly in range, if the number ends there.
#[inline(always)]
pub(super) fn end_of_few_digits(text: &[u8], start: usize) -> Option<usize> {
    Some(start + few_digits(block_at(text, start)?)?)
}

/// How many digits a block begins with, if these can be such an integer.
#[inline(always)]
pub(super) fn few_digits(block: &Block) -> Option<usize> {
    let len = not_digits(block).trailing_zeros() as usize;
    ((1..=9).contains(&len) && (block[0] != b'0' || len == 1)).then_some(len)
}

/// Where a number without sign and exponent ends; none if there is none, or it is longer than fifteen
/// characters.
#[inline(always)]
pub(super) fn end_of_short_number(text: &[u8], start: usize) -> Option<usize> {
    let block = block_at(text, start)?;
    let marks = not_digits(block);
    let whole = marks.trailing_zeros() as usize;
    if whole == 0 || whole > 1 && block[0] == b'0' {
        return None;
    }
    let mut len = whole;
    if block.get(whole) == Some(&b'.') {
        let fraction = (marks >> (whole + 1)).trailing_zeros() as usize;
        if fraction == 0 {
            return None;
        }
        len += 1 + fraction;
    }
    let is_all = len < block.len() && !matches!(block[len], b'.' | b'e' | b'E');
    is_all.then_some(start + len)
}

/// Where `true` or `false` ends, if one of them is there.
#[inline(always)]
pub(super) fn end_of_boolean(text: &[u8], start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let len = if rest.starts_with(b"true") { 4 } else { 5 };
    (len == 4 || rest.starts_with(b"false")).then_some(start + len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_value_has_no_end() {
        for text in ["", ",", "01", "-1", "1.5", "1e3", "1234567890", "x", "00"] {
            assert_eq!(end_of_short_integer(format!("{text},\"next\":\"......\"").as_bytes(), 0), None, "{text}");
        }
        for text in ["", ",", "01", "-1", "1.", ".5", "1.e3", "1e3", "1.5e3", "1.5.2", "1234567890.12345", "00.1"] {
            assert_eq!(end_of_short_number(format!("{text},\"next\":\"......\"").as_bytes(), 0), None, "{text}");
        }
        for text in ["", ",", "x\"", "1\"", "\"\\x\"", "\"\n\""] {
            assert_eq!(end_of_text(format!("{text},\"next\":\"......\"").as_bytes(), 0), None, "{text}");
        }
        for text in ["", ",", "tru", "fals", "null", "True"] {
            assert_eq!(end_of_boolean(format!("{text},\"next\":\"......\"").as_bytes(), 0), None, "{text}");
        }
    }

    /// Whether both ways to read a string agree, the one by windows as far as there are any.
    fn end_of(text: &str) -> Option<usize> {
        let text = text.as_bytes();
        let end = end_of_text(text, 0);
        let by_windows = dispatch!(Level::new(), simd => end_of_text_by(simd, text, 1));
        match by_windows {
            Ok((by_windows, behind)) => {
                assert_eq!((Some(by_windows), Some(&behind[..])), (end, text.get(by_windows..by_windows + WIDTH)));
            }
            Err(at) => assert_eq!(end_of_last_text(text, at), end),
        }
        end
    }

    #[test]
    fn strings_end_behind_their_quotes_wherever_these_stand() {
        let escapes =
            ["", "\\n", "\\\"", "\\\\", "\\\\\\\"", "\\n\\n\\\"\\/", "\\t\\r", "\\u00e9", "\\ud83d\\ude00\\\"", "é"];
        for (len, escape) in (0..140).flat_map(|len| escapes.map(|escape| (len, escape))) {
            for (after, behind) in [(0, 0), (0, 200), (3, 97), (61, 98), (64, 200)] {
                let string = format!("\"{}{escape}{}\"", "x".repeat(len), "y".repeat(after));
                assert!(serde_json::from_str::<String>(&string).is_ok(), "{string}");
                for next in ["\n", "\"", "\\", ","] {
                    assert_eq!(
                        end_of(&format!("{string}{}", next.repeat(behind))),
                        Some(string.len()),
                        "{string}{next}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_other_backslash_of_many_escapes() {
        for (len, backslashes) in (50..70).flat_map(|len| (0..9).map(move |backslashes| (len, backslashes))) {
            let start = format!("\"{}{}\"", "x".repeat(len), "\\".repeat(backslashes));
            let expected = if backslashes % 2 == 0 { start.len() } else { start.len() + 2 };
            for behind in [0, 200] {
                assert_eq!(end_of(&format!("{start}y\"{}", " ".repeat(behind))), Some(expected), "{start}");
            }
        }
    }

    #[test]
    fn a_string_with_something_wrong_has_no_end() {
        let wrong = ["\n", "\u{1f}", "\0", "\\x", "\\\n", "\\u12", "\\ud83d", "\\ud83d\\u0041", "\\udc00", "\\\\\\x"];
        for (len, wrong) in (0..140).flat_map(|len| wrong.map(|wrong| (len, wrong))) {
            for behind in [0, 31, 200] {
                let text = format!("\"{}{wrong}\"{}", "x".repeat(len), ",".repeat(behind));
                assert_eq!(end_of(&text), None, "{text}");
            }
            assert_eq!(end_of(&format!("\"{}", "x".repeat(len))), None, "it is cut off");
        }
    }

    #[test]
    fn values_end_where_they_end() {
        let of = |end: fn(&[u8], usize) -> Option<usize>, text: &str| {
            assert_eq!(end(format!("{text},\"next\":\"......\"").as_bytes(), 0), Some(text.len()), "{text}");
        };
        ["0", "7", "10", "123456789"].iter().for_each(|text| of(end_of_short_integer, text));
        ["0", "0.5", "12.05", "123456789", "1234567.1234567"].iter().for_each(|text| of(end_of_short_number, text));
        ["true", "false"].iter().for_each(|text| of(end_of_boolean, text));
        ["\"\"", "\"a long text with \\n, \\u00e9 and other things in it, äöü\""]
            .iter()
            .for_each(|text| of(end_of_text, text));
    }
}
