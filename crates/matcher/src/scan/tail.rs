//! The last lines of a source: their times end its coverage and give year-less times their year.
use std::borrow::Cow;
use std::sync::Arc;

use memchr::memrchr;

use crate::line::detect::clean;
use crate::line::moments;
use crate::reader::Source;
use crate::reader::plain_lines::with_lines_read;
use crate::scan::state::Scan;
use crate::shape::wrapper::Readings;

impl Scan<'_> {
    /// The last lines that parse, read backwards. The bytes at hand may begin within a line, but not at `begins`.
    pub fn read_tail(&mut self, source: &mut Source, recent: &[u8], begins: u64) {
        let limits = self.options.limits;
        let size = limits.edge_bytes as usize + 1;
        let again = source.tail(size);
        let data = again
            .as_deref()
            .unwrap_or(&recent[recent.len().saturating_sub(size)..]);
        let base = source.given - data.len() as u64;
        let last_header = self.reader.header.clone();
        let mut end = data.len() - usize::from(data.last() == Some(&b'\n'));
        while self.timeline.tail_len() < limits.edge_lines && !data.is_empty() {
            let start = memrchr(b'\n', &data[..end]).map(|i| i + 1);
            if start.is_none() && base > begins {
                break;
            }
            let at = start.unwrap_or(0);
            let offset = base + at as u64;
            self.tail_line(&data[at..end], offset);
            match at.checked_sub(1) {
                Some(before) => end = before,
                None => break,
            }
        }
        self.reader.header = last_header;
    }

    fn tail_line(&mut self, raw: &[u8], offset: u64) {
        let limits = self.options.limits;
        let long = raw.len() > limits.long_line;
        let raw = if long {
            Cow::Borrowed(&raw[..raw.len().min(limits.parsed_part)])
        } else {
            with_lines_read(raw)
        };
        let line = clean(&raw, offset == 0);
        let before = self.headers.partition_point(|(at, _)| *at < offset);
        self.reader.header = match before.checked_sub(1) {
            Some(i) => self.headers[i].1.clone(),
            None => Arc::default(),
        };
        if line.is_empty() || (!long && self.reader.is_directive(line, offset)) {
            return;
        }
        match self.format {
            None if long => {}
            None => {
                let moment = moments::time(line, &self.zone, self.told());
                self.timeline.add_tail(offset, moment);
            }
            Some(_) => {
                let readings = Readings::new(line);
                if let Some(record) = self.own_record(&readings) {
                    let moment = record.time(&self.zone);
                    self.timeline.add_tail(offset, moment);
                }
            }
        }
    }
}
