//! Fields become a record: client, server, names, time and action (docs/log-formats.md 3).
use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::canonical::address::{self, Address};
use crate::canonical::names::{self, Host};
use crate::escape::{EVIDENCE, escape_into};
use crate::format::{Action, Condition, FieldId, Format, IDENTITY, Role, Subject, Test, Variant};
use crate::shape::wrapper::{Readings, TIME_KINDS, Wrapper};
use crate::shape::{Found, LineReader, Values};
use crate::time::{self, Moment, Value};

const FIRST_UNPRIVILEGED: u16 = 1024;
/// Ten minutes: a device sends a line sooner, and two zones are at least a quarter of an hour apart.
const SAME_MOMENT: i64 = 600 * time::SECOND;

/// One parsed line.
pub struct Record<'f, 'l> {
    /// The number of its format among those that were tried.
    pub number: usize,
    pub format: &'f Format,
    pub variant: &'f Variant,
    values: Values<'f, 'l>,
    wrapper: Option<&'l Wrapper>,
    /// The wrapper, or the head that stands in the first column of a row.
    head: Option<&'l Wrapper>,
    pub client: Option<Host>,
    pub client_port: Option<u16>,
    pub server: Option<Address>,
    pub server_port: Option<u16>,
    swapped: bool,
}

/// The record of the whole line by the first format that fits, else of the text inside its wrappers.
pub fn read<'f, 'l>(
    reader: &mut LineReader,
    formats: impl Iterator<Item = (usize, &'f Format)> + Clone,
    readings: &'l Readings<'_>,
) -> Option<Record<'f, 'l>> {
    first(reader, formats, readings, Record::complete)
}

/// The fields of the line by the first of these formats. `complete` finds out whether the line is of that format.
pub fn fields<'f, 'l>(
    reader: &mut LineReader,
    formats: impl Iterator<Item = (usize, &'f Format)> + Clone,
    readings: &'l Readings<'_>,
) -> Option<Record<'f, 'l>> {
    first(reader, formats, readings, |_| true)
}

fn first<'f, 'l>(
    reader: &mut LineReader,
    formats: impl Iterator<Item = (usize, &'f Format)> + Clone,
    readings: &'l Readings<'_>,
    fits: impl Fn(&mut Record<'f, 'l>) -> bool,
) -> Option<Record<'f, 'l>> {
    let mut depth = 0;
    while let Some((text, wrapper)) = readings.get(depth) {
        let mut parsed = None;
        for (number, format) in formats.clone() {
            let Some(variant) = format.variants.first() else {
                continue;
            };
            for shape in &format.shapes {
                let values = reader.shape(number, format, shape, (text, depth), &mut parsed);
                let Some(values) = values else { continue };
                let mut record = Record {
                    number,
                    format,
                    variant,
                    values,
                    wrapper,
                    head: wrapper.or_else(|| {
                        let is_row = depth == 0 && shape.takes_head;
                        is_row.then(|| readings.head_of_row()).flatten()
                    }),
                    client: None,
                    client_port: None,
                    server: None,
                    server_port: None,
                    swapped: false,
                };
                if fits(&mut record) {
                    return Some(record);
                }
            }
        }
        depth += 1;
    }
    None
}

impl<'l> Record<'_, 'l> {
    /// Finds the variant, the client and the server; false where no variant fits.
    pub fn complete(&mut self) -> bool {
        for variant in &self.format.variants {
            self.variant = variant;
            if variant.when.iter().all(|c| self.holds(c)) {
                self.take_sides();
                return true;
            }
        }
        false
    }

    /// Shows each value of a field as the line, or its wrapper, has it.
    #[inline]
    pub fn each_as_written(&self, field: FieldId, mut look: impl FnMut(&[u8])) {
        match self.format.wrapper[field] {
            None => self.values.each(field, look),
            Some(part) => {
                let found = self.wrapper.into_iter().flat_map(|w| w.all(part));
                found.for_each(&mut look);
            }
        }
    }

    /// The same for several fields, with the number of each among them.
    #[inline]
    pub fn all_as_written(&self, fields: &[FieldId], mut look: impl FnMut(usize, &[u8])) {
        let is_of_line = |&field: &FieldId| self.format.wrapper[field].is_none();
        let numbered = fields.iter().enumerate();
        match self.values.groups() {
            Some(groups) if fields.iter().all(is_of_line) => {
                numbered.for_each(|(number, &field)| {
                    if let Some(value) = groups.first(field) {
                        look(number, value);
                    }
                })
            }
            _ => numbered.for_each(|(number, &field)| {
                self.each_as_written(field, |value| look(number, value));
            }),
        }
    }

    /// The values of a field of the line, or of its wrapper.
    fn all(&self, field: FieldId) -> Found<'l> {
        match self.format.wrapper[field] {
            None => self.decoded(field),
            Some(part) => {
                let found = self.wrapper.map(|w| w.all(part));
                found.into_iter().flatten().map(Cow::Borrowed).collect()
            }
        }
    }

    fn decoded(&self, field: FieldId) -> Found<'l> {
        let mut found = self.values.all(field);
        if self.variant.decode.is_empty() {
            return found;
        }
        if let Some((_, decoder)) = self.variant.decode.iter().find(|(f, _)| *f == field) {
            found = found.into_iter().flat_map(decoder).collect();
        }
        found
    }

    /// Shows each value of a role; one may come more than once.
    pub fn each(&self, role: Role, look: &mut dyn FnMut(&[u8])) {
        self.variant
            .role(role)
            .iter()
            .for_each(|&field| self.each_of(field, look));
    }

    fn each_of(&self, field: FieldId, look: &mut dyn FnMut(&[u8])) {
        if self.is_plain(field) {
            self.values.each(field, look);
        } else {
            self.all(field).iter().for_each(|v| look(v));
        }
    }

    /// Whether the values of a field come from its shape as they are.
    fn is_plain(&self, field: FieldId) -> bool {
        self.variant.decode.is_empty() && self.format.wrapper[field].is_none()
    }

    #[inline(always)]
    fn first(&self, fields: &[FieldId]) -> Option<Cow<'l, [u8]>> {
        // The quick way for the commonest case: a role of one field, in a line of a pattern.
        if fields.is_empty() {
            return None;
        }
        if let [field] = *fields
            && self.is_plain(field)
            && let Some(groups) = self.values.groups()
        {
            return groups.first(field).map(Cow::Borrowed);
        }
        self.first_of(fields)
    }

    #[inline(never)]
    fn first_of(&self, fields: &[FieldId]) -> Option<Cow<'l, [u8]>> {
        fields.iter().find_map(|&field| {
            if self.is_plain(field) {
                self.values.first(field)
            } else {
                self.all(field).into_iter().next()
            }
        })
    }

    #[inline]
    pub fn port(&self, role: Role) -> Option<u16> {
        address::parse_port(&self.first(self.variant.role(role))?)
    }

    /// The time of the line or, where it has none or none with a year, of the wrappers round it.
    pub fn time(&self, zone: &TimeZone) -> Option<Moment> {
        let own = self.own_time(zone);
        if let Some(Moment {
            value: Value::Known(_),
            local,
        }) = own
        {
            let stated = self.head.filter(|_| local);
            return stated.and_then(|w| self.in_stated_zone(w, zone)).or(own);
        }
        let outer = self.wrapper.map_or(&[][..], |w| &w.times);
        let mut found = own.into_iter().chain(
            outer
                .iter()
                .filter_map(|t| time::parse(t, &TIME_KINDS, zone)),
        );
        let first = found.next()?;
        if matches!(first.value, Value::Known(_)) {
            return Some(first);
        }
        let with_year = found.find(|m| matches!(m.value, Value::Known(_)));
        Some(with_year.unwrap_or(first))
    }

    /// The line's own time in the zone that the innermost head with a zone states, if both are the same moment there:
    /// a collector states its own zone, which need not be the device's.
    fn in_stated_zone(&self, wrapper: &Wrapper, zone: &TimeZone) -> Option<Moment> {
        let (there, head) = wrapper.times.iter().find_map(|stated| {
            let there = time::stated_zone(stated)?;
            match time::parse(stated, &TIME_KINDS, zone)?.value {
                Value::Known(head) => Some((there, head)),
                Value::Yearless(_) => None,
            }
        })?;
        let Value::Known(own) = self.own_time(&there)?.value else {
            return None;
        };
        ((own - head).abs() <= SAME_MOMENT).then_some(Moment {
            value: Value::Known(own),
            local: false,
        })
    }

    fn own_time(&self, zone: &TimeZone) -> Option<Moment> {
        let found = self.first(&self.variant.time_fields).or_else(|| {
            let parts = self.variant.time_join.iter();
            let parts = parts.filter_map(|&f| self.values.first(f));
            Some(parts.collect::<Vec<_>>().join(&b' ').into())
        })?;
        time::parse(&found, &self.variant.time_kinds, zone)
    }

    /// Shows each part of the client's identity, in the order of `IDENTITY`.
    pub fn identify(&self, tell: &mut dyn FnMut(&'static str, &[u8])) {
        for key in IDENTITY {
            if let Some(value) = self.identity(key) {
                tell(key, &value);
            }
        }
    }

    /// Spells what tells machines with the device's address apart (docs/contract.md 2); nothing where nothing does.
    pub fn put_who(&self, out: &mut Vec<u8>) {
        // A hardware address says more than a name.
        for key in ["mac", "host", "nat"] {
            if key == "nat" && !self.is_told_by_translation() {
                continue;
            }
            if let Some(value) = self.identity(key).filter(|value| !value.is_empty()) {
                out.extend_from_slice(key.as_bytes());
                out.push(b':');
                return escape_into(out, &value, EVIDENCE);
            }
        }
    }

    /// Whether nothing but a translated endpoint may tell the machine.
    pub fn is_told_by_translation(&self) -> bool {
        let of_nat = IDENTITY.iter().position(|key| *key == "nat");
        self.client.is_none() && of_nat.is_some_and(|at| !self.variant.identity[at].is_empty())
    }

    fn identity(&self, key: &str) -> Option<Cow<'l, [u8]>> {
        let fields = &self.variant.identity[IDENTITY.iter().position(|k| *k == key)?];
        if fields.is_empty() || self.swapped && matches!(key, "mac" | "nat") {
            return None;
        }
        let value = self.first(fields);
        if key == "nat" {
            return value.and_then(|value| self.translated(value));
        }
        value
    }

    /// The client's endpoint after address translation; None where it stayed the same.
    fn translated(&self, shown: Cow<'l, [u8]>) -> Option<Cow<'l, [u8]>> {
        let Some(address) = address::parse(&shown) else {
            return Some(shown);
        };
        let mut ports = self.variant.nat_port.iter();
        let port = ports
            .find_map(|&f| self.values.first(f))
            .and_then(|p| address::parse_port(&p))
            // Devices write 0 where no port was translated.
            .filter(|&port| port != 0);
        let same = self.client == Some(Host::Address(address))
            && (port.is_none() || port == self.client_port);
        if address == Address(0) || address == Address::from_v4(0) || same {
            return None;
        }
        let text = port.map_or_else(|| address.text(), |p| address.with_port(p));
        Some(text.into_bytes().into())
    }

    pub fn action(&self) -> Action {
        let rule = self
            .variant
            .actions
            .iter()
            .find(|(_, when)| when.iter().all(|c| self.holds(c)));
        rule.map_or(Action::Unknown, |(action, _)| *action)
    }

    /// The device: the client's address, else its name.
    pub fn device(&self) -> Option<&Host> {
        self.client.as_ref()
    }

    fn holds(&self, condition: &Condition) -> bool {
        condition.test.holds(|look| match &condition.subject {
            Subject::Role(role) => self.each(*role, look),
            Subject::Fields(fields) => fields.iter().for_each(|&f| self.each_of(f, look)),
        })
    }

    fn take_sides(&mut self) {
        let variant = self.variant;
        let mut client = self.first(variant.role(Role::Client));
        let mut server = self.first(variant.role(Role::Server));
        self.client_port = self.port(Role::ClientPort);
        self.server_port = self.port(Role::ServerPort);
        let has_server = !variant.role(Role::Server).is_empty();
        if has_server && is_reply(self.client_port, self.server_port, &variant.server_ports) {
            std::mem::swap(&mut client, &mut server);
            std::mem::swap(&mut self.client_port, &mut self.server_port);
            self.swapped = true;
        }
        self.client = client.map(|text| match address::parse(&text) {
            Some(address) => Host::Address(address),
            None => Host::Name(names::name(&text)),
        });
        self.server = server.and_then(|text| address::parse(&text));
    }
}

/// Whether the ports say that a line goes from a server to its client.
fn is_reply(source: Option<u16>, destination: Option<u16>, ports: &[u16]) -> bool {
    let Some(source) = source.filter(|p| ports.contains(p)) else {
        return false;
    };
    // A client's own port is seldom below 1024, and may be any number from there on (RFC 6056 3.2).
    destination.is_none_or(|to| {
        !ports.contains(&to) || (source < FIRST_UNPRIVILEGED && to >= FIRST_UNPRIVILEGED)
    })
}

impl Test {
    /// Whether the values that are shown pass.
    #[inline]
    pub fn holds(&self, show: impl FnOnce(&mut dyn FnMut(&[u8]))) -> bool {
        let (mut is_there, mut passes) = (false, false);
        show(&mut |value| {
            is_there = true;
            passes = passes || self.passes(value);
        });
        match self {
            Test::Present(wanted) => is_there == *wanted,
            Test::NotIn(_) => is_there && !passes,
            _ => passes,
        }
    }

    /// Whether a value is one of those that are named.
    fn passes(&self, value: &[u8]) -> bool {
        match self {
            Test::Present(_) => true,
            Test::In(list) | Test::NotIn(list) => list.iter().any(|w| value == &w[..]),
            Test::Prefix(list) => list.iter().any(|w| begins_with(value, w)),
            Test::Words(list) => list.iter().any(|w| has_word(value, w)),
            Test::AddressIn(list) => address::parse(value).is_some_and(|a| list.contains(&a)),
        }
    }
}

/// Whether a text begins with a word. Words of one kind begin alike, so the last byte is compared first.
fn begins_with(text: &[u8], word: &[u8]) -> bool {
    let begin = text.get(..word.len());
    begin.is_some_and(|begin| begin.last() == word.last() && begin == word)
}

/// Whether a word of lower case stands in a text, in any case, touching no other letter.
fn has_word(text: &[u8], word: &[u8]) -> bool {
    let letter = |i: usize| text.get(i).is_some_and(u8::is_ascii_alphabetic);
    text.windows(word.len()).enumerate().any(|(at, part)| {
        part.eq_ignore_ascii_case(word)
            && !letter(at + word.len())
            && !at.checked_sub(1).is_some_and(letter)
    })
}
