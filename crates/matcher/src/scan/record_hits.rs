//! The hits of a record, and how they are added to rows.
use crate::canonical::names::Host;
use crate::line::hit::{Field, Hit, Hits, Matched};
use crate::line::record::Record;
use crate::line::tokens::{self, Token};
use crate::rows::details::Parsed;
use crate::rows::places::Key;
use crate::rows::spool::temporary;
use crate::rows::{Keys, Known, Line};
use crate::scan::state::{RecordHits, Scan};
use crate::set::providers::is_way;
use crate::shape::wrapper::Readings;
use crate::time::Moment;

impl Scan<'_> {
    /// Adds the hits of a record to rows. Returns the places of these rows, for lines with the same key.
    pub fn record(
        &mut self,
        record: &Record<'_, '_>,
        line: &[u8],
        offset: u64,
        look: bool,
    ) -> Option<Known> {
        if self.options.devices {
            self.note_alive(record);
        }
        if !look {
            return None;
        }
        let mut found = RecordHits::default();
        self.find_hits(record, &mut found);
        let moved = self.rows.moved();
        self.add(record, line, offset, &found);
        if moved != self.rows.moved() {
            return None;
        }
        self.rows.known(&found.keys)
    }

    /// A long line with hits that the file's format does not read. It counts as not understood where no field of its first part
    /// has the hit: the hit may lie behind that part.
    pub fn foreign_long_line(&mut self, readings: &Readings<'_>, offset: u64, hits: Hits) {
        let start = readings.line;
        let Some(record) = self.foreign_record(readings) else {
            return self.foreign_line(readings, offset, hits, start);
        };
        self.record(&record, start, offset, true);
        tokens::of_record(&record, &mut self.tokens);
        let own = tokens::hits(self.set, &self.tokens);
        if hits
            .iter()
            .any(|hit| own.iter().all(|own| own.item != hit.item))
        {
            self.unattributed.add(offset, start);
        }
    }

    /// Puts the hits of a record, with the keys of their rows, into `found`; the memory of the rows is asked for.
    pub fn find_hits(&mut self, record: &Record<'_, '_>, found: &mut RecordHits) {
        if let Some(Host::Address(client)) = record.client
            && self.set.lists_address(client)
        {
            let listed = tokens::find_address(self.set, client, record.client_port).is_some();
            self.inbound += u64::from(listed);
        }
        tokens::of_record(record, &mut self.tokens);
        tokens::put_hits(self.set, &self.tokens, &mut found.hits);
        if found.hits.is_empty() {
            found.hits = self.ways(record);
        }
        if !found.hits.is_empty() {
            found.moment = record.time(&self.zone);
            found.keys = self.keys(record, &found.hits, found.moment);
        }
    }

    /// The ways around in the tokens at hand, which are those of a record; none where it does not name the machine.
    fn ways(&mut self, record: &Record<'_, '_>) -> Hits {
        let ways = tokens::ways(self.set, &self.tokens, self.endpoints);
        if ways.is_empty() {
            return self.resolver(record).into_iter().collect();
        }
        if record.device().is_some() {
            return ways;
        }
        self.who.clear();
        record.put_who(&mut self.who);
        let names_machine = !self.who.is_empty() && !self.who.starts_with(b"nat:");
        if names_machine { ways } else { Hits::new() }
    }

    /// The row of a machine that is asked about and asks a resolver outside the own networks, by the tokens at hand, which are
    /// those of its record. A line that shows the question hides nothing.
    fn resolver(&self, record: &Record<'_, '_>) -> Option<Hit> {
        let asked = self.asked.filter(|_| self.endpoints)?;
        let providers = self.set.providers()?;
        if self.tokens.iter().any(|(field, _)| *field == Field::Query) {
            return None;
        }
        let (address, port) = self.tokens.iter().find_map(|(field, token)| match token {
            Token::Host(Host::Address(address), Some(port))
                if *field == Field::Destination && asked.is_foreign_resolver(*address, *port) =>
            {
                Some((*address, *port))
            }
            _ => None,
        })?;
        (!self.asked_of(record).is_empty()).then_some(Hit {
            item: providers.foreign_resolver,
            field: Field::Destination,
            matched: Matched::Endpoint(address, port),
        })
    }

    /// Adds a record in which only a provider is looked for.
    pub fn way_record(&mut self, record: &Record<'_, '_>, line: &[u8], offset: u64) {
        tokens::of_record(record, &mut self.tokens);
        let hits = self.ways(record);
        self.add_ways(record, line, offset, hits);
    }

    /// Adds a record in which no provider is, if its machine asks a resolver outside the own networks.
    pub fn resolver_record(&mut self, record: &Record<'_, '_>, line: &[u8], offset: u64) {
        tokens::of_record(record, &mut self.tokens);
        let hits = self.resolver(record).into_iter().collect();
        self.add_ways(record, line, offset, hits);
    }

    fn add_ways(&mut self, record: &Record<'_, '_>, line: &[u8], offset: u64, hits: Hits) {
        let mut found = RecordHits {
            hits,
            ..RecordHits::default()
        };
        if !found.hits.is_empty() {
            found.moment = record.time(&self.zone);
            found.keys = self.keys(record, &found.hits, found.moment);
            self.add(record, line, offset, &found);
        }
    }

    /// The keys of the hits of a record; the memory of their rows is asked for.
    pub fn keys(&mut self, record: &Record<'_, '_>, hits: &[Hit], moment: Option<Moment>) -> Keys {
        self.who.clear();
        record.put_who(&mut self.who);
        let machine = (record.device(), &self.who[..]);
        self.rows.keys(hits, machine, moment)
    }

    /// Adds the hits of a record to their rows.
    pub fn add(&mut self, record: &Record<'_, '_>, line: &[u8], offset: u64, found: &RecordHits) {
        let RecordHits { hits, keys, moment } = found;
        let Some(first) = hits.first() else {
            return;
        };
        // No evidence is kept of a way around.
        let line = if is_way(first.item) { b"" } else { line };
        let line = Line {
            offset,
            moment: *moment,
            action: record.action(),
            format: Some(record.number),
            details: &Parsed { record, line },
        };
        self.keep(hits, keys, &line);
    }

    pub fn note_alive(&mut self, record: &Record<'_, '_>) {
        if let Some(device) = record.device()
            && let Some(moment) = record.time(&self.zone)
            && self.alive.len() <= self.options.limits.alive
        {
            self.alive.note(device.clone(), moment.value);
        }
    }

    pub fn keep(&mut self, hits: &[Hit], keys: &[Key], line: &Line<'_>) {
        self.timeline.hit(line.offset, line.moment);
        let is_way = hits.first().is_some_and(|hit| is_way(hit.item));
        self.hits += if is_way { 0 } else { hits.len() };
        if let Err(error) = self.rows.add(self.set, hits, keys, line) {
            self.progress.fail(temporary(&error));
        }
    }
}
