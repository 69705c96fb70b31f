//! What stands between the values of an object's text, known before it is read.
//!
//! Objects of one kind mostly have their keys in one order and one way of spacing. From behind one
//! value to the next value is then the same text every time: it is compared as a whole, and what comes
//! next is known without reading the key. Texts that are not as expected are read token by token.

use wide::u8x16;

use super::shape::SlotIndex;

/// Sixteen bytes that stand side by side.
pub(super) type Block = [u8; 16];

/// A key with all that stands between the values before and after it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lead {
    gap: Gap,
    /// Whether it begins with the bracket that opens the object.
    opens: bool,
    /// What the value should be.
    pub(super) wants: Wants,
    /// Where the value goes.
    pub(super) cell: SlotIndex,
    /// Where it goes as well.
    pub(super) also: Option<SlotIndex>,
    /// One bit for the key; none for a key that is not asked for.
    pub(super) bit: u64,
    /// Which key it is, if it is asked for.
    pub(super) key: usize,
    /// The layout of the objects behind it, if it is not.
    pub(super) below: Option<usize>,
}

/// What the value behind a key should be to be read at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wants {
    /// A string.
    Text,
    /// An integer that is certainly in range.
    Integer,
    /// A number without sign and exponent.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A string or such an integer, which nobody asked for.
    Nothing,
    /// It takes more to read it.
    More,
}

/// A text of up to 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Gap {
    /// The first bytes, and zeros after them.
    head: Block,
    /// The last sixteen bytes of a text that is longer than that.
    tail: Block,
    /// One bit for each byte of `head` that is beyond the text, that of the first byte lowest.
    beyond: u32,
    len: u32,
}

/// How many keys of an object can have a bit.
pub(super) const MAX_BITS: usize = u64::BITS as usize;

// === impl Lead ===

impl Lead {
    /// The key of this number, whose value goes to a cell.
    pub(super) fn new(gap: Gap, wants: Wants, key: usize, cell: SlotIndex) -> Self {
        let bit = 1_u64.checked_shl(key as u32).unwrap_or_default();
        Self { gap, opens: gap.opens(), wants, cell, also: None, bit, key, below: None }
    }

    /// The value goes to this cell as well.
    pub(super) fn and_to(self, cell: SlotIndex) -> Self {
        Self { also: Some(cell), ..self }
    }

    /// A key that nobody asked for.
    pub(super) fn unknown(gap: Gap) -> Self {
        let (wants, cell, key) = (Wants::Nothing, SlotIndex(0), usize::MAX);
        Self { gap, opens: gap.opens(), wants, cell, also: None, bit: 0, key, below: None }
    }

    /// Where the value begins, if this is what stands at a place of an object whose bracket stands at
    /// `opening`.
    #[inline(always)]
    pub(super) fn end(&self, text: &[u8], at: usize, opening: usize) -> Option<usize> {
        if self.opens != (at == opening) {
            return None;
        }
        self.gap.end(text, at)
    }
}

// === impl Gap ===

impl Gap {
    /// This text; none if it is too long.
    pub(super) fn new(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > 2 * size_of::<Block>() {
            return None;
        }
        let mut head = Block::default();
        let short = text.len().min(head.len());
        head[..short].copy_from_slice(&text[..short]);
        let tail = text.last_chunk().copied().unwrap_or_default();
        Some(Self { head, tail, beyond: u32::from(u16::MAX) & (u32::MAX << short), len: text.len() as u32 })
    }

    fn opens(&self) -> bool {
        self.head.first() == Some(&b'{')
    }

    /// A key behind a bracket or comma, without spaces; none if it is too long, or needs escapes.
    pub(super) fn of_key(before: char, key: &str) -> Option<Self> {
        let is_plain = key.bytes().all(|byte| byte >= 0x20 && !matches!(byte, b'"' | b'\\'));
        is_plain.then(|| Self::new(format!("{before}\"{key}\":").as_bytes())).flatten()
    }

    /// Where the text ends, if it stands at a place, and more behind it that can be looked at.
    #[inline(always)]
    pub(super) fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        if (equal(block_at(text, at)?, &self.head) | self.beyond) != u32::from(u16::MAX) {
            return None;
        }
        let end = at + self.len as usize;
        if self.len as usize > size_of::<Block>()
            && equal(block_at(text, end - size_of::<Block>())?, &self.tail) != u32::from(u16::MAX)
        {
            return None;
        }
        Some(end)
    }

    /// The same where the text goes on for too little to look at.
    #[cold]
    pub(super) fn end_close_by(&self, text: &[u8], at: usize) -> Option<usize> {
        let (rest, known) = (text.get(at..)?, self.head.get(..self.len as usize)?);
        (rest.len() < self.head.len() && rest.starts_with(known)).then_some(at + known.len())
    }
}

/// Marks the bytes that are equal: one bit a byte, that of the first byte lowest.
#[inline(always)]
fn equal(a: &Block, b: &Block) -> u32 {
    u8x16::new(*a).simd_eq(u8x16::new(*b)).to_bitmask()
}

/// The block that begins at `at`, if the text goes on for so long.
#[inline(always)]
pub(super) fn block_at(text: &[u8], at: usize) -> Option<&Block> {
    text.get(at..)?.first_chunk()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_recognised_as_it_stands_and_as_nothing_else() {
        let text = b",\n      \"a_name_of_letters\": .";
        let room = [b'.'; 16];
        for len in 1..text.len() {
            let gap = Gap::new(&text[..len]).unwrap();
            assert_eq!(gap.end(&[&b"xyz"[..], &text[..len], &room].concat(), 3), Some(3 + len));
            for at in 0..len {
                let mut other = [&text[..len], &room].concat();
                other[at] ^= 1;
                assert_eq!(gap.end(&other, 0), None, "{at} of {len}");
            }
            assert_eq!(gap.end(&text[..len.min(15)], 0), None, "too close to the end to be compared");
        }
        assert_eq!((Gap::new(b""), Gap::new(&[b' '; 33])), (None, None));
    }
}
