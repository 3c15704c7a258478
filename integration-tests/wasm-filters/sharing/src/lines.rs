//! A response of lines, some of which go, changed while it goes by: a line that is
//! not whole is kept back and put before the next chunk.

use filter_kit::Edits;

/// The beginning of the lines that go.
const DROPPED: &[u8] = b"drop";

#[derive(Default)]
pub(crate) struct Lines {
    seen: u64,
    /// The beginning of a line, which was kept back.
    kept: Vec<u8>,
}

impl Lines {
    /// What is to be changed in a chunk.
    pub(crate) fn drop_from(&mut self, chunk: &[u8], is_end: bool, mut edits: Edits) -> Edits {
        let mut at = self.seen;
        for line in chunk.split_inclusive(|byte| *byte == b'\n') {
            let end = at + line.len() as u64;
            let is_whole = line.ends_with(b"\n") || is_end;
            let kept = core::mem::take(&mut self.kept);
            let is_dropped = [&kept[..], line].concat().starts_with(DROPPED);
            edits = match (is_whole, is_dropped) {
                (true, true) => edits.splice(at..end, ""),
                (true, false) if kept.is_empty() => edits,
                (true, false) => edits.splice(at..at, kept),
                (false, _) => {
                    self.kept = [&kept[..], line].concat();
                    edits.splice(at..end, "")
                }
            };
            at = end;
        }
        self.seen = at;
        if is_end && !self.kept.is_empty() && !self.kept.starts_with(DROPPED) {
            edits = edits.splice(at..at, core::mem::take(&mut self.kept));
        }
        edits
    }
}
