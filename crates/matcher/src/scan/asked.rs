//! Lines of machines that are asked about: each machine is looked for only once in an hour (docs/contract.md 4).
use memchr::{memmem, memrchr};
use smallvec::SmallVec;

use crate::canonical::names::Host;
use crate::line::detect::clean;
use crate::line::record::Record;
use crate::scan::blocks::{Headers, Run, Text, next_line};
use crate::scan::state::Scan;
use crate::set::asked::Asked;
use crate::shape::wrapper::Readings;
use crate::time::hours::Hour;

/// An escape of JSON that may hide a character of a name or an address.
const ESCAPE: &[u8] = br"\u00";
/// In the place of a group: only phase 2 knows whom the line names.
const HIDDEN: u32 = u32::MAX;

/// The machines of a record.
fn named(asked: &Asked, record: &Record<'_, '_>) -> SmallVec<[u32; 4]> {
    let mut groups: SmallVec<[u32; 3]> = SmallVec::new();
    groups.extend(match record.device() {
        Some(Host::Address(address)) => asked.find_address(*address),
        Some(Host::Name(name)) => asked.find_host(name),
        None => None,
    });
    record.identify(&mut |key, value| {
        groups.extend(match key {
            "mac" => asked.find_mac(value),
            "host" => asked.find_host(value),
            _ => None,
        });
    });
    let machines = groups.iter().flat_map(|&group| asked.group(group));
    machines.copied().collect()
}

impl Scan<'_> {
    /// The machines of lines that may name one, with the hours that these lines count for.
    pub(super) fn look_for_asked(
        &mut self,
        text: Text<'_>,
        runs: &[Run],
        places: &[(usize, u32)],
        headers: &Headers,
    ) -> Vec<(u32, Option<Hour>)> {
        let mut seen = Vec::new();
        let Some(asked) = self.asked else {
            return seen;
        };
        let mut now = std::mem::take(&mut self.seen_now);
        let (mut run, mut at) = (0, 0);
        let hidden = memmem::find_iter(text.data, ESCAPE).map(|place| (place, HIDDEN));
        let mut all: Vec<(usize, u32)> = hidden.collect();
        if !all.is_empty() {
            all.extend_from_slice(places);
            all.sort_unstable();
        }
        let mut places = if all.is_empty() { places } else { &all }.iter();
        loop {
            let (start, group) = if asked.every_line {
                if at >= text.data.len() {
                    break;
                }
                (at, None)
            } else {
                let Some(&(place, group)) = places.next() else {
                    break;
                };
                if place < at {
                    continue;
                }
                (place, Some(group))
            };
            while runs.get(run + 1).is_some_and(|next| next.0 <= start) {
                run += 1;
            }
            let hour = runs[run].1;
            if hour.is_none() {
                // These lines count with the line before the chunk: its hour is another chunk's to know.
                now.forget();
            }
            now.begin(hour, asked.len());
            let is_known = group.is_some_and(|group| {
                group != HIDDEN && asked.group(group).iter().all(|&one| now.has(one))
            });
            if is_known {
                continue;
            }
            let begin = memrchr(b'\n', &text.data[..start]).map_or(0, |i| i + 1);
            let (stop, next) = next_line(text.data, begin);
            at = next;
            let offset = text.offset + begin as u64;
            for machine in self.machines(&text.data[begin..stop], offset, headers) {
                if now.insert(machine) {
                    seen.push((machine, hour));
                }
            }
        }
        self.seen_now = now;
        seen
    }

    fn machines(&mut self, raw: &[u8], offset: u64, headers: &Headers) -> SmallVec<[u32; 4]> {
        let line = clean(raw, offset == 0);
        if line.is_empty() {
            return SmallVec::new();
        }
        self.reader.header = headers.at(offset);
        if self.reader.is_directive(line, offset) {
            return SmallVec::new();
        }
        let readings = Readings::new(line);
        let record = match self.own_record(&readings) {
            Some(record) => Some(record),
            None => self.foreign_record(&readings),
        };
        match (self.asked, record) {
            (Some(asked), Some(record)) => named(asked, &record),
            _ => SmallVec::new(),
        }
    }

    /// The machines of a record.
    pub(super) fn asked_of(&self, record: &Record<'_, '_>) -> SmallVec<[u32; 4]> {
        self.asked
            .map_or_else(SmallVec::new, |asked| named(asked, record))
    }
}
