//! The members of a packed source, unpacked one after another.
use super::{Member, Source};
use crate::raw::Slice;
use crate::reader::decoder::Decoder;

/// Beyond `FREE` bytes unpacked, more than `MOST_RATIO` for each stored byte is no log.
const FREE: u64 = 1 << 30;
const MOST_RATIO: u64 = 1000;

impl Source {
    pub(super) fn unpack(&mut self, out: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < out.len() && self.is_at_member(filled) {
            let room = &mut out[filled..];
            let wants = room.len();
            let found = self.step(filled, wants, |decoder, held| decoder.run(held, room));
            let Some(gave) = found else {
                break;
            };
            filled += gave;
        }
        filled
    }

    /// Unpacked bytes as `read` would give them, where they lie; None where it must give them, and at the end.
    pub(crate) fn lend(&mut self) -> Option<Slice> {
        if !self.start.is_empty() || self.utf16.is_some() {
            return None;
        }
        let mut lent = None;
        while lent.is_none() {
            if !self.is_at_member(0) || !self.member.as_ref()?.decoder.can_lend() {
                return None;
            }
            self.step(0, usize::MAX, |decoder, held| {
                let (took, slice, status) = decoder.lend(held);
                let gave = slice.as_ref().map_or(0, |slice| slice.len());
                lent = slice;
                (took, gave, status)
            })?;
        }
        let n = lent.as_ref()?.len() as u64;
        self.unpacked += n;
        self.given += n;
        lent
    }

    /// Opens the next member where one has ended, `filled` bytes after the last that were counted. False at the end.
    fn is_at_member(&mut self, filled: usize) -> bool {
        let Some(mut member) = self.member.take() else {
            return false;
        };
        let is_open = !member.ended || self.next_member(&mut member, filled as u64);
        self.member = Some(member);
        is_open
    }

    /// Lets the decoder `run` once over the held bytes, `filled` bytes after the last counted place. Returns the number of
    /// bytes that it gave. None where the file ends within a member.
    fn step(
        &mut self,
        filled: usize,
        wants: usize,
        run: impl FnOnce(&mut Decoder, &[u8]) -> (usize, usize, Result<bool, String>),
    ) -> Option<usize> {
        let mut member = self.member.take()?;
        let kind = member.kind;
        let (took, gave, status) = run(&mut member.decoder, self.held.rest());
        self.held.skip(took);
        let at = self.unpacked + (filled + gave) as u64;
        let is_stuck = took == 0 && gave == 0;
        let is_hungry = gave < wants && (is_stuck || self.held.is_empty());
        // The decoder may still hold bytes of its own, so without more of the file it is asked once again.
        if status == Ok(false) && is_hungry && !self.refill() && is_stuck {
            if self.errors.is_empty() {
                self.fail(&format!(
                    "{}: cut off at decompressed byte {at}; what came before was scanned, copy the file again when it is complete",
                    kind.word()
                ));
            }
            self.member = Some(member);
            return None;
        }
        match status {
            Ok(ended) => member.ended = ended,
            Err(problem) => {
                self.fail(&format!(
                    "{}: damaged at decompressed byte {at} ({problem}); what came before was scanned, copy the file again from its origin",
                    kind.word()
                ));
                member.ended = true;
            }
        }
        if at > FREE && at > MOST_RATIO * self.stored {
            self.fail(&format!("unpacks without end, stopped at decompressed byte {at}; what came before was scanned, look at the file by hand"));
            member.ended = true;
        }
        self.member = Some(member);
        Some(gave)
    }

    /// After the end of a member: skips zero padding and opens the next. False at the end of the file.
    fn next_member(&mut self, member: &mut Member, filled: u64) -> bool {
        loop {
            let zeros = self
                .held
                .rest()
                .iter()
                .take_while(|&&byte| byte == 0)
                .count();
            self.held.skip(zeros);
            if !self.held.is_empty() {
                break;
            }
            if !self.refill() {
                return false;
            }
        }
        self.hold_header();
        if !member.kind.begins(self.held.rest()) {
            let (word, at) = (member.kind.word(), self.unpacked + filled);
            self.fail(&format!("{word}: something that is no {word} follows at decompressed byte {at}; it was not read"));
            return false;
        }
        match Decoder::new(member.kind, self.held.rest(), self.scans) {
            Ok(decoder) => {
                member.decoder = decoder;
                member.ended = false;
                true
            }
            Err(error) => {
                self.unreadable(&error);
                false
            }
        }
    }
}
