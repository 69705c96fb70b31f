//! The response's text as it grows.

use std::ops::Range;

use crate::gateway::plan::model::OutputHead;

/// Short texts are copied as so many bytes, of which the last ones are written over later: a copy of a
/// known length is a single instruction, and most keys and values are short.
const SHORT: usize = 16;
/// Texts up to this length are copied as that many bytes.
const MEDIUM: usize = 64;

/// Room is filled with zeros as it is needed, so many at a time.
const STEP: usize = 4 << 10;

/// A text that is written from left to right.
pub(super) struct Output {
    /// What is written, and zeros.
    bytes: Vec<u8>,
    /// How much is written.
    len: usize,
}

// === impl Output ===

impl Output {
    /// Nothing yet, with room for so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), len: 0 }
    }

    /// How long the text is.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes back what came after the first `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Adds one byte.
    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        if self.len == self.bytes.len() {
            self.grow(1);
        }
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// Adds a text that begins with `before`, then with `head` but for its first byte; false if it is
    /// longer than that, or there is no room for it.
    #[inline]
    pub(super) fn head(&mut self, before: u8, head: &OutputHead) -> bool {
        match self.room::<SHORT>() {
            Some(room) if head.len as usize <= SHORT => {
                *room = head.bytes;
                room[0] = before;
                self.len += head.len as usize;
                true
            }
            _ => false,
        }
    }

    /// Adds such a text, and behind it a part of another; false, and adds nothing, if the former is longer
    /// than that, or there is no room for both if they are short.
    #[inline(always)]
    pub(super) fn entry(&mut self, before: u8, head: &OutputHead, source: &[u8], start: u32, len: u32) -> bool {
        let (head_len, len) = (head.len as usize, len as usize);
        let Some(room) = self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut::<{ SHORT + MEDIUM }>) else {
            return false;
        };
        let Some(rest) = source.get(start as usize..) else { return false };
        if head_len > SHORT {
            return false;
        }
        let (key, _) = room.split_at_mut(SHORT);
        key.copy_from_slice(&head.bytes);
        key[0] = before;
        if let Some(first) = rest.first_chunk::<SHORT>()
            && len <= SHORT
        {
            room[head_len..head_len + SHORT].copy_from_slice(first);
        } else if let Some(first) = rest.first_chunk::<MEDIUM>()
            && len <= MEDIUM
        {
            room[head_len..head_len + MEDIUM].copy_from_slice(first);
        } else {
            self.len += head_len;
            self.extend(rest.get(..len).unwrap_or_default());
            return true;
        }
        self.len += head_len + len;
        true
    }

    /// Adds a part of a text.
    #[inline]
    pub(super) fn part(&mut self, source: &[u8], start: usize, len: usize) {
        let rest = source.get(start..).unwrap_or_default();
        match (self.room::<SHORT>(), rest.first_chunk()) {
            (Some(room), Some(first)) if len <= SHORT => {
                *room = *first;
                self.len += len;
            }
            _ => self.extend(rest.get(..len).unwrap_or_default()),
        }
    }

    /// Adds a text.
    #[inline(never)]
    pub(super) fn extend(&mut self, text: &[u8]) {
        if self.bytes.len() - self.len < text.len() {
            self.grow(text.len());
        }
        self.bytes[self.len..self.len + text.len()].copy_from_slice(text);
        self.len += text.len();
    }

    /// Adds once more what is written already.
    pub(super) fn repeat(&mut self, written: Range<usize>) {
        let (len, end) = (written.len(), self.len + written.len());
        if self.bytes.len() < end {
            self.grow(len);
        }
        self.bytes.copy_within(written, self.len);
        self.len = end;
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.bytes
    }

    #[inline]
    fn room<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut)
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let (needed, capacity) = (self.len + more + SHORT + MEDIUM, self.bytes.capacity());
        let room = match needed <= capacity {
            true => capacity.min(needed.max(self.bytes.len() + STEP)),
            false => needed.max(2 * self.bytes.len()),
        };
        self.bytes.resize(room, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_lengths_stand_one_after_the_other() {
        let source: Vec<u8> = (0..=255).collect();
        for room in [0, 1, 20, 5000] {
            let (mut output, mut expected) = (Output::with_room(room), Vec::new());
            for len in 0..40 {
                // Also at the very end of the source, where there is nothing to copy too much of.
                for start in [3, source.len() - len] {
                    output.part(&source, start, len);
                    expected.extend_from_slice(&source[start..start + len]);
                }
                let mut head = OutputHead { bytes: [0; SHORT], len: len as u32 };
                head.bytes[..len.min(SHORT)].copy_from_slice(&source[..len.min(SHORT)]);
                if len > 0 && output.head(b'{', &head) {
                    expected.push(b'{');
                    expected.extend_from_slice(&source[1..len]);
                }
                for start in [3, source.len() - 2 * len] {
                    if len > 0 && output.entry(b',', &head, &source, start as u32, 2 * len as u32) {
                        expected.push(b',');
                        expected.extend_from_slice(&source[1..len]);
                        expected.extend_from_slice(&source[start..start + 2 * len]);
                    }
                }
                output.push(b'x');
                expected.push(b'x');
                output.truncate(output.len() - len / 3);
                expected.truncate(expected.len() - len / 3);
                assert_eq!(output.len(), expected.len());
            }
            assert_eq!(output.finish(), expected);
        }
    }

    #[test]
    fn what_is_written_is_written_again() {
        let source: Vec<u8> = (0..=255).collect();
        for room in [0, 300, 5000] {
            let (mut output, mut expected) = (Output::with_room(room), source.clone());
            output.extend(&source);
            for (start, len) in [(0, 0), (3, 1), (7, 127), (0, 128), (250, 6), (100, 129), (0, 256), (255, 128)] {
                output.repeat(start..start + len);
                expected.extend_from_within(start..start + len);
            }
            assert_eq!(output.finish(), expected);
        }
    }
}
