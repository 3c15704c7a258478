//! A stream of server-sent events, less some of them.

use core::ops::Range;

/// The longest event that can be taken out. Longer ones are not kept back.
const LONGEST_BYTES: usize = 64 * 1024;

/// A stream of server-sent events on its way to the client, of which some are taken
/// out.
///
/// What goes on are whole blocks: an event goes on when the blank line that ends it
/// is there, since only then it is known what it is. A client can't use a part of an
/// event either. So what is kept back is a part of one block, and no more than that of
/// one that could be taken out.
///
/// Source of what a block is: HTML Standard (WHATWG), section 9.2.5.
#[derive(Debug, Default)]
pub(crate) struct TakingOut {
    /// What was kept back: the start of a block.
    kept: Vec<u8>,
    line: Line,
    /// The block that is coming is let go as it comes: it can't be one to take out.
    passes: bool,
}

/// What is known of the line that is coming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    /// Nothing of it came.
    #[default]
    Empty,
    /// Nothing of it came, and the one before ended with a CR: an LF belongs to that.
    EmptyAfterReturn,
    /// It is blank, and ended with a CR: an LF behind it belongs to the block as well.
    BlankReturn,
    /// Something of it came.
    Begun,
}

impl TakingOut {
    /// What goes on in the place of a chunk that begins at `start` of the stream, if
    /// that is not the chunk itself. `removed` are the events that end in it and are
    /// taken out.
    pub(crate) fn pass(
        &mut self,
        bytes: &[u8],
        start: u64,
        removed: &[Range<u64>],
        is_last: bool,
    ) -> Option<Vec<u8>> {
        let end = self.last_end(bytes);
        if end.is_some() {
            self.passes = false;
        }
        // How much of the chunk goes on.
        let through = if is_last || self.passes { Some(bytes.len()) } else { end };
        if self.kept.is_empty() && removed.is_empty() && through == Some(bytes.len()) {
            return None;
        }
        let kept_start = start.saturating_sub(wide(self.kept.len()));
        let mut all = core::mem::take(&mut self.kept);
        let through = through.map_or(0, |through| all.len().saturating_add(through));
        all.extend_from_slice(bytes);
        let rest = all.split_off(through.min(all.len()));
        self.keep(rest, &mut all);
        for range in removed.iter().rev() {
            let [from, to] = [range.start, range.end].map(|offset| {
                let offset = offset.saturating_sub(kept_start);
                usize::try_from(offset).unwrap_or(usize::MAX).min(all.len())
            });
            // Of an event of which a part went on, the rest goes on too.
            if range.start >= kept_start && from <= to {
                all.drain(from..to);
            }
        }
        Some(all)
    }

    /// Keeps the start of a block back, if it may be one to take out.
    fn keep(&mut self, block: Vec<u8>, out: &mut Vec<u8>) {
        if block.len() > LONGEST_BYTES || is_plain(&block) {
            self.passes = true;
            out.extend_from_slice(&block);
        } else {
            self.kept = block;
        }
    }

    /// Where the last block that ends in these bytes ends.
    fn last_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut end = None;
        for (position, byte) in bytes.iter().enumerate() {
            let is_over = position.saturating_add(1);
            let was = self.line;
            self.line = match (byte, was) {
                (b'\n', Line::Empty | Line::BlankReturn) => {
                    end = Some(is_over);
                    Line::Empty
                }
                (b'\r', Line::Empty | Line::EmptyAfterReturn | Line::BlankReturn) => {
                    Line::BlankReturn
                }
                (b'\r', Line::Begun) => Line::EmptyAfterReturn,
                (b'\n', Line::EmptyAfterReturn | Line::Begun) => Line::Empty,
                _ => Line::Begun,
            };
            if was == Line::BlankReturn && *byte != b'\n' {
                end = Some(position);
            }
        }
        end
    }
}

/// Whether this start of a block says that its data is no JSON object, such as
/// `data: [DONE]`.
fn is_plain(block: &[u8]) -> bool {
    let data = block.strip_prefix(b"data:").map(<[u8]>::trim_ascii_start);
    data.and_then(|data| data.first()).is_some_and(|byte| *byte != b'{')
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// What a client gets of a stream whose events with an `x` are taken out, cut
    /// at every so many bytes.
    fn passed(text: &str, chunk: usize) -> String {
        let mut taking_out = TakingOut::default();
        let mut out = Vec::new();
        let chunks: Vec<&[u8]> = text.as_bytes().chunks(chunk).collect();
        let mut at = 0_usize;
        for (position, bytes) in chunks.iter().enumerate() {
            let end = at.saturating_add(bytes.len());
            let removed: Vec<Range<u64>> = blocks(text)
                .into_iter()
                .filter(|block| text.get(block.clone()).unwrap().contains('x'))
                .filter(|block| at < block.end && block.end <= end)
                .map(|block| wide(block.start)..wide(block.end))
                .collect();
            let is_last = position.saturating_add(1) == chunks.len();
            let replaced = taking_out.pass(bytes, wide(at), &removed, is_last);
            out.extend(replaced.unwrap_or_else(|| bytes.to_vec()));
            at = end;
        }
        String::from_utf8(out).unwrap()
    }

    /// The blocks of a text whose lines end with LF or CRLF.
    fn blocks(text: &str) -> Vec<Range<usize>> {
        let mut all = Vec::new();
        let (mut start, mut at) = (0, 0_usize);
        for line in text.split_inclusive('\n') {
            at = at.saturating_add(line.len());
            if line.trim_end().is_empty() {
                all.push(start..at);
                start = at;
            }
        }
        all
    }

    #[test]
    fn other_blocks_go_on_as_they_are_however_they_are_cut() {
        let streams = [
            "data: {a}\n\ndata: {x}\n\ndata: [DONE]\n\n",
            ": ping\n\ndata: {x}\n\n\n\ndata: {b}\n\n",
            "data: {a}\r\n\r\ndata: {x}\r\n\r\ndata: {b}\r\n\r\n",
            "event: m\ndata: {a}\n\ndata: {x}\ndata: {}\n\ndata: {cut off",
        ];
        for text in streams {
            let expected: String = {
                let mut rest = text.to_owned();
                for block in blocks(text).into_iter().rev() {
                    if text.get(block.clone()).unwrap().contains('x') {
                        rest.replace_range(block, "");
                    }
                }
                rest
            };
            for chunk in 1..=text.len() {
                assert_eq!(passed(text, chunk), expected, "cut at every {chunk} of {text:?}");
            }
        }
    }

    #[test]
    fn comments_and_ends_go_on_at_once() {
        let mut taking_out = TakingOut::default();
        assert_eq!(taking_out.pass(b": ping\n\n", 0, &[], false), None);
        assert_eq!(taking_out.pass(b"data: [DONE]\n", 8, &[], false).unwrap(), b"data: [DONE]\n");
        assert_eq!(taking_out.pass(b"\n", 21, &[], false), None);
    }

    #[test]
    fn no_more_is_kept_than_can_be_taken_out() {
        let mut taking_out = TakingOut::default();
        let chunk = [b"data: {", &b"a".repeat(1000)[..]].concat();
        let (mut at, mut sent): (u64, u64) = (0, 0);
        for _ in 0..1000 {
            let passed = taking_out.pass(&chunk, at, &[], false);
            sent = sent.saturating_add(wide(passed.map_or(chunk.len(), |bytes| bytes.len())));
            at = at.saturating_add(wide(chunk.len()));
            assert!(taking_out.kept.len() <= LONGEST_BYTES);
        }
        assert_eq!(sent, at);
    }
}
