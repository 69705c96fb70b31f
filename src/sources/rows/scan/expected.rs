//! Keys that come as expected, with simple values: read in one loop, without errors. Whatever else
//! comes is left to those who read token by token.

use fearless_simd::{Level, Simd, dispatch};

use crate::sources::rows::lead::{Lead, Wants};
use crate::sources::rows::slot::Slot;

use super::block::{block_at, digits, end_of_plain, specials, specials_by};
use super::cursor::end_of_escape;

/// So many keys that are not there are passed over at once.
const MAX_ABSENT: usize = 4;

/// How far an object was read.
pub(super) struct Read {
    /// Where in the text.
    pub(super) at: usize,
    /// Which lead is next.
    pub(super) next: usize,
    /// The lead that was met last and leads here, if its value takes more to be read.
    pub(super) to_value: Option<usize>,
}

/// Reads keys and values from `at` on, behind a value or the opening brace, as long as `leads` tell them
/// from `next` on. Marks keys in `seen`; leaves, which stand in `part`, go into `cells` that are empty.
#[inline(always)]
pub(super) fn read_expected(
    text: &[u8],
    mut at: usize,
    leads: &[Lead],
    mut next: usize,
    part: u32,
    cells: &mut [Slot],
    seen: &mut u64,
) -> Read {
    while let Some(lead) = leads.get(next) {
        let Some(start) = lead.end(text, at) else {
            match later(text, at, leads, next) {
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
            (Some(b'1'..=b'9'), Wants::Integer | Wants::Nothing) => end_of_short_integer(text, start),
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
fn later(text: &[u8], at: usize, leads: &[Lead], next: usize) -> Option<usize> {
    let later = leads.iter().enumerate().skip(next + 1).take(MAX_ABSENT);
    later.filter(|(_, lead)| lead.end(text, at).is_some()).map(|(index, _)| index).next()
}

#[inline(always)]
fn fill(cells: &mut [Slot], cell: u32, leaf: Slot) {
    if let Some(empty @ Slot::Missing) = cells.get_mut(cell as usize) {
        *empty = leaf;
    }
}

/// Where the string ends that begins here with its quote, behind the other quote; none if something is
/// wrong with it.
#[inline(always)]
pub(super) fn end_of_text(text: &[u8], quote: usize) -> Option<usize> {
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
    dispatch!(Level::new(), simd => end_of_text_by(simd, text, start))
}

/// The same, by the vectors that this processor has.
#[inline(always)]
fn end_of_text_by<S: Simd>(simd: S, text: &[u8], mut at: usize) -> Option<usize> {
    while let Some(window) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let mut marks = specials_by(simd, window);
        let mut behind = at + window.len();
        while marks != 0 {
            let special = at + marks.trailing_zeros() as usize;
            match text.get(special)? {
                b'"' => return Some(special + 1),
                b'\\' => {
                    let end = match text.get(special + 1)? {
                        b'n' | b'"' | b'\\' | b'/' | b'r' | b't' => special + 2,
                        _ => end_of_escape(text, special).ok()?,
                    };
                    // Of the escape itself nothing is special.
                    marks &= u64::MAX.checked_shl((end - at) as u32).unwrap_or_default();
                    behind = behind.max(end);
                }
                _ => return None,
            }
        }
        at = behind;
    }
    loop {
        at = end_of_plain(text, at);
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = end_of_escape(text, at).ok()?,
            _ => return None,
        }
    }
}

/// Where an integer ends that is certainly in range, as all of nine digits are; none if it is not, or
/// is more than an integer. It begins with another digit than zero.
#[inline(always)]
pub(super) fn end_of_short_integer(text: &[u8], start: usize) -> Option<usize> {
    let len = (!digits(block_at(text, start)?)).trailing_zeros() as usize;
    let end = start + len;
    (len <= 9 && !matches!(text.get(end)?, b'.' | b'e' | b'E')).then_some(end)
}
