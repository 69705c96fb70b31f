//! Many bytes of a text at a time: sixteen by vector instructions that every processor has, where that is
//! mostly enough, and more by those that this one has.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, i8x32, u8x32};
use wide::u8x16;

pub(super) use crate::sources::rows::lead::{Block, block_at};
use crate::sources::rows::template::WIDTH;

/// So many bytes are looked at at once in a long text.
pub(super) const WINDOW: usize = 64;
/// These and some behind them.
pub(super) type Window = [u8; WINDOW + 1 + WIDTH];

/// Marks the bytes that end a run of plain text inside a string, which are quotes, backslashes and
/// control characters: one bit a byte, that of the first byte lowest.
#[inline(always)]
pub(super) fn specials(block: &Block) -> u32 {
    special(u8x16::new(*block)).to_bitmask()
}

/// Marks the bytes that are not the space between tokens.
#[inline(always)]
pub(super) fn not_space(block: &Block) -> u32 {
    let block = u8x16::new(*block);
    let is = |byte| block.simd_eq(u8x16::splat(byte));
    !(is(b' ') | is(b'\n') | is(b'\r') | is(b'\t')).to_bitmask() & 0xFFFF
}

/// Marks the bytes that are no digits.
#[inline(always)]
pub(super) fn not_digits(block: &Block) -> u32 {
    let above = u8x16::new(*block) - u8x16::splat(b'0');
    above.max(u8x16::splat(10)).simd_eq(above).to_bitmask()
}

/// Whether a text stands in a JSON string as it is.
pub fn is_plain(text: &[u8]) -> bool {
    end_of_plain(text, 0) == text.len()
}

/// Where the first quote, backslash or control character from `at` on stands; the end of the text if
/// there is none.
#[inline(always)]
pub(super) fn end_of_plain(bytes: &[u8], at: usize) -> usize {
    match block_at(bytes, at).map(specials) {
        Some(0) => end_of_long_plain(bytes, at + size_of::<Block>()),
        Some(marks) => at + marks.trailing_zeros() as usize,
        None => end_of_short_plain(bytes, at),
    }
}

#[inline(always)]
fn special(block: u8x16) -> u8x16 {
    is_low(turned(block)) | block.simd_eq(u8x16::splat(b'\\'))
}

/// With one bit turned, the quote and the control characters, and only those, are low.
#[inline(always)]
fn turned(block: u8x16) -> u8x16 {
    block ^ u8x16::splat(0x02)
}

#[inline(always)]
fn is_low(turned: u8x16) -> u8x16 {
    turned.min(u8x16::splat(0x20)).simd_eq(turned)
}

/// The same as [`specials`] of the first 64 bytes, by the vectors that this processor has.
#[inline(always)]
pub(super) fn specials_by<S: Simd>(simd: S, window: &Window) -> u64 {
    let (halves, _) = window.as_chunks();
    u64::from(specials_of_half(simd, &halves[0])) | u64::from(specials_of_half(simd, &halves[1])) << 32
}

/// Where the first of those stands; if there is none, it is the next byte that may be one.
#[inline(always)]
pub(super) fn first_special_by<S: Simd>(simd: S, window: &Window) -> usize {
    let (halves, _) = window.as_chunks();
    match specials_of_half(simd, &halves[0]) {
        0 => halves[0].len() + specials_of_half(simd, &halves[1]).trailing_zeros() as usize,
        marks => marks.trailing_zeros() as usize,
    }
}

#[inline(always)]
fn specials_of_half<S: Simd>(simd: S, half: &[u8; 32]) -> u32 {
    let half = u8x32::simd_from(simd, *half);
    // With these bits turned, the quote and the control characters, and only those, are lowest.
    let turned: i8x32<S> = (half ^ 0x82).bitcast();
    (turned.simd_lt(-0x5F) | half.simd_eq(b'\\')).to_bitmask() as u32
}

/// How far a text certainly is ASCII, in stretches of many bytes; most texts are all the way.
pub(super) fn end_of_ascii(text: &[u8]) -> usize {
    dispatch!(Level::new(), simd => end_of_ascii_by(simd, text))
}

#[inline(always)]
fn end_of_ascii_by<S: Simd>(simd: S, text: &[u8]) -> usize {
    const STRETCH: usize = 256;
    let is_ascii = |stretch: &[u8; STRETCH]| {
        let (parts, _) = stretch.as_chunks();
        let all = parts.iter().fold(u8x32::splat(simd, 0), |all, part: &[u8; 32]| all | u8x32::simd_from(simd, *part));
        let all: i8x32<S> = all.bitcast();
        all.simd_lt(0).to_bitmask() == 0
    };
    let (stretches, _) = text.as_chunks();
    STRETCH * stretches.iter().take_while(|stretch| is_ascii(stretch)).count()
}

/// What stands behind one of the first 65 bytes.
#[inline(always)]
pub(super) fn behind(window: &Window, at: usize) -> Option<&[u8; WIDTH]> {
    window.get(at + 1..)?.first_chunk()
}

/// The window that begins at `at`, if the text goes on for so long.
#[inline(always)]
pub(super) fn window_at(text: &[u8], at: usize) -> Option<&Window> {
    text.get(at..)?.first_chunk()
}

/// How far a text is plain, in blocks of 64 bytes.
#[inline(always)]
pub(super) fn end_of_plain_blocks(text: &[u8], mut at: usize) -> usize {
    while let Some(four) = text.get(at..).and_then(|rest| rest.first_chunk::<64>())
        && !any_special(four)
    {
        at += four.len();
    }
    at
}

/// Looks at more blocks once a text has turned out to be long.
#[inline(never)]
fn end_of_long_plain(bytes: &[u8], at: usize) -> usize {
    let mut at = end_of_plain_blocks(bytes, at);
    while let Some(block) = block_at(bytes, at) {
        let marks = specials(block);
        if marks != 0 {
            return at + marks.trailing_zeros() as usize;
        }
        at += size_of::<Block>();
    }
    end_of_short_plain(bytes, at)
}

/// Whether any of four blocks has an end of a run.
#[inline(always)]
fn any_special(four: &[u8; 64]) -> bool {
    let (blocks, _) = four.as_chunks::<16>();
    let [a, b, c, d] = [0, 1, 2, 3].map(|nth| u8x16::new(blocks[nth]));
    let is_backslash = |block: u8x16| block.simd_eq(u8x16::splat(b'\\'));
    let backslashes = is_backslash(a) | is_backslash(b) | is_backslash(c) | is_backslash(d);
    let lowest = turned(a).min(turned(b)).min(turned(c).min(turned(d)));
    (backslashes | is_low(lowest)).to_bitmask() != 0
}

/// The same for the last bytes of a text.
#[cold]
fn end_of_short_plain(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|&&byte| !is_special(byte)).count()
}

#[inline]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, b'"' | b'\\')
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    #[test]
    fn every_byte_is_marked_for_what_it_is() {
        let marked = |block: &Block, is_marked: fn(u8) -> bool| {
            block.iter().rev().fold(0, |marks, &byte| marks << 1 | u32::from(is_marked(byte)))
        };
        let is_token = |byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        for byte in 0..=u8::MAX {
            for around in [b'a', 0xC3, b' ', b'"'] {
                for at in 0..16 {
                    let mut block = [around; 16];
                    block[at] = byte;
                    assert_eq!(specials(&block), marked(&block, is_special), "{byte} in {around} at {at}");
                    assert_eq!(not_space(&block), marked(&block, is_token), "{byte} in {around} at {at}");
                    assert_eq!(not_digits(&block), marked(&block, |byte| !byte.is_ascii_digit()), "{byte} at {at}");
                }
            }
        }
    }

    #[test]
    fn a_run_ends_at_the_first_special_byte() {
        for special in [b'"', b'\\', 0x00, 0x1F] {
            for len in [1, 15, 16, 17, 80, 81, 150, 300] {
                for at in 0..len {
                    let mut text = vec![b'a'; len];
                    text[at] = special;
                    assert_eq!(end_of_plain(&text, 0), at, "{special} in {len}");
                    assert_eq!(end_of_plain(&text, at.min(3)), at, "{special} in {len}");
                    text.push(b'"');
                    assert_eq!(end_of_plain(&text, at + 1), len, "{special} in {len}");
                }
            }
        }
        let plain = "äöü€🦀 \u{7f}\u{80}!!!!!!".repeat(9);
        assert_eq!(end_of_plain(plain.as_bytes(), 0), plain.len());
        assert_eq!(end_of_plain(b"", 0), 0);
    }

    #[test]
    fn every_byte_of_a_window_is_marked_for_what_it_is() {
        for byte in 0..=u8::MAX {
            for at in 0..WINDOW {
                let mut window = [b'a'; size_of::<Window>()];
                window[at] = byte;
                window[WINDOW] = b'"';
                let (marks, first) =
                    dispatch!(Level::new(), simd => (specials_by(simd, &window), first_special_by(simd, &window)));
                assert_eq!(marks, u64::from(is_special(byte)) << at, "{byte} at {at}");
                assert_eq!(first, if is_special(byte) { at } else { WINDOW }, "{byte} at {at}");
                assert_eq!(behind(&window, at), window[at + 1..].first_chunk());
            }
        }
    }
}
