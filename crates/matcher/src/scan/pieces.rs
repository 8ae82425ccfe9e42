//! A line that is too long to hold comes in pieces, cut where no token is, so that memory stays bounded.

/// Bytes of a long line looked at together.
pub const PIECE: usize = 1 << 20;
/// Bytes that two pieces share where there is no border: more than two names (RFC 1035 2.3.4).
const OVERLAP: usize = 512;

const BORDERS: &[u8] = b" \t\"'<>";

/// How many bytes of a line need not be looked at where these first ones were parsed: a word at their end is looked at again.
pub fn covered(parsed: &[u8]) -> usize {
    let least = parsed.len().saturating_sub(OVERLAP);
    let border = parsed[least..].iter().rposition(|b| BORDERS.contains(b));
    border.map_or(least, |at| least + at)
}

/// Cuts a line into pieces at white space or a quote, else with an overlap.
#[derive(Debug, Default)]
pub struct Pieces {
    held: Vec<u8>,
}

impl Pieces {
    pub fn feed(&mut self, block: &[u8], mut look: impl FnMut(&[u8])) {
        self.held.extend_from_slice(block);
        let mut start = 0;
        while self.held.len() - start > PIECE {
            let piece = &self.held[start..start + PIECE];
            match piece
                .iter()
                .rposition(|b| BORDERS.contains(b))
                .filter(|&cut| cut >= OVERLAP)
            {
                Some(cut) => {
                    look(&piece[..cut]);
                    start += cut;
                }
                None => {
                    look(piece);
                    start += PIECE - OVERLAP;
                }
            }
        }
        self.held.drain(..start);
    }

    pub fn finish(self, mut look: impl FnMut(&[u8])) {
        if !self.held.is_empty() {
            look(&self.held);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(line: &[u8], block: usize) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut pieces = Pieces::default();
        for b in line.chunks(block) {
            pieces.feed(b, |p| found.push(p.to_vec()));
        }
        pieces.finish(|p| found.push(p.to_vec()));
        found
    }

    #[test]
    fn a_token_stays_whole_whatever_the_blocks() {
        let mut line = vec![b'a'; PIECE - 5];
        line.extend_from_slice(b" evil.example ");
        line.extend(vec![b'b'; PIECE]);
        let found = pieces(&line, 65_536);
        assert_eq!(found, pieces(&line, 3 * PIECE));
        assert!(
            found
                .iter()
                .any(|p| p.windows(12).any(|w| w == b"evil.example"))
        );
        assert!(found.iter().all(|p| p.len() <= PIECE));
    }
}
