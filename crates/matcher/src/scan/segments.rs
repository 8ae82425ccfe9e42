//! A chunk after phase 1, cut into runs of lines and lines that are too long.
use memchr::{memchr, memmem, memrchr};

use crate::format::decoders::TRIGGER;
use crate::reader::plain_lines;
use crate::scan::state::Scan;
use crate::set::providers::shows_resolver;
use crate::token::buffer::Buffer;
use crate::token::{Candidates, FRONT, Scratch, Search};

/// A part of a chunk, after phase 1.
pub(crate) enum Segment {
    /// Lines none of which is too long. Places are counted from `start`, in order.
    Lines {
        start: usize,
        end: usize,
        lines: u64,
        /// Places where an indicator may stand, and places where a directive may begin.
        marks: Vec<usize>,
        /// Places in lines that may name a machine that is asked about, with its group.
        asked: Vec<(usize, u32)>,
        directives: Vec<usize>,
    },
    LongLine {
        start: usize,
        end: usize,
    },
}

impl Scan<'_> {
    /// Cuts a chunk where lines are too long, and runs phase 1 on the rest.
    pub fn segments(&mut self, buffer: &mut Buffer) -> Vec<Segment> {
        let limit = self.options.limits.long_line;
        let len = buffer.filled;
        let mut found = Vec::new();
        let mut start = 0;
        let mut at = 0;
        while at + limit < len {
            // No line between two line feeds that are no further apart is too long.
            if let Some(i) = memrchr(b'\n', &buffer.data()[at..=at + limit]) {
                at += i + 1;
                continue;
            }
            let end = memchr(b'\n', &buffer.data()[at..len]).map_or(len, |i| at + i);
            self.lines(buffer, start, at, &mut found);
            found.push(Segment::LongLine { start: at, end });
            start = (end + 1).min(len);
            at = end + 1;
        }
        self.lines(buffer, start, len, &mut found);
        found
    }

    /// Whole lines none of which is too long, in pieces that stay near the processor.
    fn lines(
        &mut self,
        buffer: &mut Buffer,
        mut start: usize,
        end: usize,
        found: &mut Vec<Segment>,
    ) {
        while start < end {
            let most = end.min(start + self.options.limits.chunk);
            let whole = if most == end {
                Some(end)
            } else {
                memrchr(b'\n', &buffer.data()[start..most]).map(|i| start + i + 1)
            };
            let stop = whole
                .or_else(|| memchr(b'\n', &buffer.data()[start..end]).map(|i| start + i + 1))
                .unwrap_or(end);
            found.push(self.region(buffer, start, stop));
            start = stop;
        }
    }

    fn candidates(&mut self, buffer: &mut Buffer, start: usize, end: usize) -> Candidates {
        let mut found = Candidates::default();
        buffer.isolated(start, end, |buf, from| {
            let mut search = Search {
                set: self.set,
                asked: self.asked,
                endpoints: self.endpoints,
                buf,
                from,
                len: end - start,
                scratch: self.scratch.get_or_insert_with(Scratch::take),
            };
            search.find(self.options.level, &mut found);
        });
        found
    }

    fn region(&mut self, buffer: &mut Buffer, start: usize, end: usize) -> Segment {
        let mut found = self.candidates(buffer, start, end);
        if found.has_controls && plain_lines::read_lines(&mut buffer.data_mut()[start..end]) {
            found = self.candidates(buffer, start, end);
        }
        if found.has_high || found.has_controls {
            let offset = buffer.offset + start as u64;
            self.note_no_text(&buffer.data()[start..end], offset);
        }
        let data = &buffer.data()[start..end];
        let lines = found.newlines + u64::from(data.last() != Some(&b'\n'));
        self.lines += lines;
        let first = (data[0] == b'#').then_some(0);
        let later = memmem::find_iter(data, b"\n#").map(|i| i + 1);
        let directives: Vec<usize> = first.into_iter().chain(later).collect();
        let places = found.places.iter().map(|&p| p as usize - FRONT - start);
        let mut marks: Vec<usize> = places.chain(directives.iter().copied()).collect();
        if self.may_reverse() {
            marks.extend(memmem::find_iter(data, TRIGGER));
        }
        let named = found.asked.iter();
        let mut asked: Vec<(usize, u32)> = named
            .map(|&(place, group)| (place as usize - FRONT - start, group))
            .collect();
        asked.sort_unstable();
        if self.endpoints {
            let outside = found.outside.iter();
            let mut outside: Vec<usize> = outside
                .map(|&place| place as usize - FRONT - start)
                .collect();
            outside.sort_unstable();
            // Phase 2 finds out whether such a line goes around.
            let (mut last, mut next) = (0, 0);
            let lines = asked.iter().map(|&(place, _)| place);
            marks.extend(lines.filter(|&place| {
                if place < last {
                    return false;
                }
                let begin = memrchr(b'\n', &data[..place]).map_or(0, |i| i + 1);
                last = memchr(b'\n', &data[place..]).map_or(data.len(), |i| place + i);
                while outside.get(next).is_some_and(|&at| at < begin) {
                    next += 1;
                }
                outside.get(next).is_some_and(|&at| at < last) && shows_resolver(data, place)
            }));
        }
        // Names, addresses and directives, each in order.
        marks.sort();
        Segment::Lines {
            start,
            end,
            lines,
            marks,
            asked,
            directives,
        }
    }
}
