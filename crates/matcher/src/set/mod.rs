//! A compiled indicator set: flat memory, opened by a map, asked by both phases.
pub mod asked;
pub mod draft;
pub(crate) mod hash;
mod header;
mod item;
pub mod plain;
pub mod providers;
mod ranges;
pub mod setfile;
mod slots;
#[cfg(test)]
mod tests;
pub mod watch;

use std::sync::Arc;

use smallvec::SmallVec;

use crate::canonical::address::{self, Address};
use crate::canonical::names::Host;
use crate::error::Error;
use crate::raw::Map;
use crate::raw::sixteen::{Range, position};
use crate::set::hash::Filter;
use crate::set::header::{Header, Section};
use crate::set::item::label;
pub use crate::set::item::{Item, Kind};
// circle: a set holds a small set of its own
use crate::set::providers::{MARK, Providers, is_way, shows_port};
use crate::set::ranges::{Blocks, SPAN};

/// Bytes to each side in which the path of a URL is looked for; a longer line is left to phase 2.
const LONGEST_LOOK: usize = 4096;

/// Bytes of a dot, a colon and a port, which may stand between host and path.
const LONGEST_PORT: usize = 7;

/// Bytes that hardly any URL has.
const UP_TO_TAB: [Range; 1] = [Range::new(0, b'\t')];

const DOT: [Range; 1] = [Range::new(b'.', b'.')];

/// Octets of a DNS name.
const LONGEST_NAME: usize = 255;

/// Marks an address that only an endpoint or a URL names.
/// An address that a provider names as well has this mark, the lesser of both.
pub const NO_ITEM: u32 = MARK - 1;

/// First number of the largest private network (RFC 1918).
pub(crate) const TEN: u32 = 10;

/// The filters of phase 1.
#[derive(Clone, Copy, Debug)]
pub struct Filters<'a> {
    pub two_labels: Filter<'a>,
    /// Of listed names.
    pub three_labels: Filter<'a>,
    /// The same of hosts of listed URLs.
    pub hosts: Filter<'a>,
    pub v4_heads: Filter<'a>,
    pub v4_texts: Filter<'a>,
    pub v4_nets: Filter<'a>,
    pub v6_heads: Filter<'a>,
}

/// A set of indicators. Cheap to share between threads.
#[derive(Debug)]
pub struct Set {
    map: Map,
    header: Header,
    networks: Blocks,
    providers: Option<Arc<Providers>>,
}

impl Set {
    pub(crate) fn new(map: Map, header: Header) -> Result<Set, Error> {
        let mut set = Set {
            map,
            header,
            networks: Blocks::default(),
            providers: None,
        };
        for name in [
            Section::TwoLabels,
            Section::ThreeLabels,
            Section::Hosts,
            Section::V4Heads,
            Section::V6Heads,
            Section::Paths,
            Section::V4Texts,
            Section::V4Nets,
            Section::OwnV4Heads,
            Section::OwnV4Texts,
            Section::OwnV6Heads,
        ] {
            Filter::new(set.section(name))?;
        }
        for (name, size) in [
            (Section::Values, slots::VALUE),
            (Section::V4, slots::V4),
            (Section::V6, slots::V6),
        ] {
            let len = set.section(name).len();
            if len == 0 || !len.is_multiple_of(size) {
                return Err(Error::set(format!(
                    "section {name:?} of the compiled set has a wrong size"
                )));
            }
        }
        set.networks = Blocks::of(set.section(Section::Spans4).as_chunks::<SPAN>().0);
        Ok(set)
    }

    /// With the providers whose marks its index holds.
    pub(crate) fn with(mut self, providers: Option<Arc<Providers>>) -> Set {
        self.providers = providers;
        self
    }

    /// What leads around the place that watches.
    pub fn providers(&self) -> Option<&Providers> {
        self.providers.as_deref()
    }

    pub fn id(&self) -> &str {
        &self.header.id
    }

    pub fn count(&self) -> usize {
        self.header.count
    }

    /// The whole file, as it is written to disk.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    #[inline(always)]
    fn section(&self, name: Section) -> &[u8] {
        let (at, len) = self.header.section(name);
        &self.map[at..at + len]
    }

    /// With the addresses of providers, or without.
    pub fn filters(&self, endpoints: bool) -> Filters<'_> {
        let filter = |name| Filter::new(self.section(name)).expect("checked when opened");
        let [v4_heads, v4_texts, v6_heads] = if endpoints {
            [Section::V4Heads, Section::V4Texts, Section::V6Heads]
        } else {
            [
                Section::OwnV4Heads,
                Section::OwnV4Texts,
                Section::OwnV6Heads,
            ]
        };
        Filters {
            two_labels: filter(Section::TwoLabels),
            three_labels: filter(Section::ThreeLabels),
            hosts: filter(Section::Hosts),
            v4_heads: filter(v4_heads),
            v4_texts: filter(v4_texts),
            v4_nets: filter(Section::V4Nets),
            v6_heads: filter(v6_heads),
        }
    }

    /// Whether every line must be parsed: some name has one label or bytes outside `[a-z0-9._-]`.
    pub fn needs_every_line(&self) -> bool {
        self.header.every_line
    }

    pub fn letter_labels_only(&self) -> bool {
        self.header.letter_labels
    }

    pub fn has_addresses(&self) -> bool {
        self.header.addresses
    }

    /// The same with the addresses of providers, if these are looked for.
    pub fn has_endpoints(&self, endpoints: bool) -> bool {
        self.header.addresses || endpoints && self.providers.is_some()
    }

    /// Whether any kind of item names an address in 10.0.0.0/8, in which most offices have theirs.
    pub fn lists_tens(&self) -> bool {
        self.header.tens
    }

    /// The item with this number. Numbers rise in the order of the list.
    pub fn item(&self, id: u32) -> Option<Item<'_>> {
        if is_way(id) {
            return self.providers()?.item(id);
        }
        Item::at(
            self.section(Section::List),
            self.section(Section::Labels),
            id as usize,
        )
    }

    /// All items of the list with their numbers.
    pub(crate) fn items(&self) -> impl Iterator<Item = (u32, Item<'_>)> {
        let list = self.section(Section::List);
        let ends = memchr::memchr_iter(b'\n', list).map(|end| end as u32 + 1);
        let starts = std::iter::once(0).chain(ends);
        starts.filter_map(|at| Some((at, self.item(at)?)))
    }

    /// The list from an item's line on.
    fn line(&self, id: u32) -> Option<&[u8]> {
        self.section(Section::List).get(id as usize..)
    }

    /// The hashed spelling of an item, without a look at the rest.
    pub(crate) fn hashed(&self, id: u32) -> Option<&[u8]> {
        if is_way(id) {
            return self
                .providers()?
                .item(id)
                .map(|item| item.hashed.as_bytes());
        }
        let line = self.line(id)?;
        Some(&line[..memchr::memchr(b'\t', line)?])
    }

    /// Items whose key has this hash; the caller compares.
    fn slots(&self, h: u64) -> impl Iterator<Item = u32> {
        slots::values(self.section(Section::Values), h)
    }

    /// The domain item that covers a lower-case name without trailing dot: the longest first.
    pub fn find_name(&self, name: &[u8]) -> Option<u32> {
        // An indicator is never longer than a DNS name (RFC 1035 2.3.4), so long names are not walked whole.
        let mut rest = name;
        if name.len() > LONGEST_NAME {
            let near = name.len() - LONGEST_NAME - 1;
            rest = &name[near + memchr::memchr(b'.', &name[near..])? + 1..];
        }
        loop {
            let is_whole = rest.len() == name.len();
            let covers = |&id: &u32| self.is_name(id, rest, is_whole);
            if let Some(id) = self.slots(hash::whole(rest, true)).find(covers) {
                return Some(id);
            }
            rest = &rest[position(rest, &DOT)? + 1..];
        }
    }

    /// The ip-port item with this canonical text.
    pub fn find_endpoint(&self, address: Address, port: u16) -> Option<u32> {
        // An endpoint's address is marked in the tables of addresses.
        self.slot(address)?;
        let mut text = SmallVec::<[u8; 64]>::new();
        address.spell_with_port(port, &mut text);
        self.slots(hash::whole(&text, true)).find(|&id| {
            let line = self.line(id).unwrap_or_default();
            match line.strip_prefix(&text[..]) {
                Some([b'\t', digits @ ..]) => self.is_of(Kind::IpPort, digits),
                _ => false,
            }
        })
    }

    /// The address item, else the longest network that holds the address.
    pub fn find_address(&self, address: Address) -> Option<u32> {
        self.slot(address)
            .filter(|&id| id < NO_ITEM)
            .or_else(|| self.find_network(address))
    }

    pub fn find_network(&self, address: Address) -> Option<u32> {
        let name = match address.v4() {
            Some(bits) if !self.networks.may_hold(bits) => return None,
            Some(_) => Section::Spans4,
            None => Section::Spans6,
        };
        ranges::find(self.section(name).as_chunks::<SPAN>().0, address.0)
    }

    /// The longest URL item that is a prefix of `url` with a border after it and ends behind its first `authority`
    /// bytes.
    pub fn find_url(&self, url: &[u8], authority: usize) -> Option<u32> {
        let (ids, _) = self.section(Section::Urls).as_chunks::<4>();
        let value = |i: usize| {
            let id = u32::from_le_bytes(ids[i]);
            self.hashed(id).map(|hashed| (id, hashed))
        };
        // Elsewhere the tab behind an item sorts like its end.
        let is_odd = position(url, &UP_TO_TAB).is_some();
        let mut key = url;
        loop {
            let is_up_to = |id: &[u8; 4]| {
                let id = u32::from_le_bytes(*id);
                if is_odd {
                    return self.hashed(id).unwrap_or_default() <= key;
                }
                let line = self.line(id).unwrap_or_default();
                let (shared, rest) = line.split_at(line.len().min(key.len()));
                shared < key || shared == key && rest.first() == Some(&b'\t')
            };
            let low = ids.partition_point(is_up_to);
            let (id, item) = value(low.checked_sub(1)?)?;
            if key.len() <= authority {
                return None;
            }
            let shared = item.iter().zip(key).take_while(|(a, b)| a == b).count();
            if shared == item.len() {
                let ended = item.last().is_some_and(|b| b"/?=&".contains(b));
                if ended || url.get(shared).is_none_or(|b| b"/?#&".contains(b)) {
                    return Some(id);
                }
                key = &url[..shared.checked_sub(1)?];
            } else {
                // Whatever is a prefix of `key` lies before `item`, so it is a prefix of the shared part.
                key = &url[..shared];
            }
        }
    }

    /// Whether a URL item may be a prefix of this host, as a URL spells it, and what follows it from `/` on.
    pub fn may_list_url(&self, host: &[u8], rest: &[u8]) -> bool {
        let paths = Filter::new(self.section(Section::Paths)).expect("checked when opened");
        let host = hash::whole(host, true);
        let path = rest.get(1..).unwrap_or_default();
        let run = path.iter().take_while(|&&b| address::is_token(b)).count();
        // What follows an item's end is no part of a name, so the item's path begins with the same run.
        paths.has(hash::path_key(host, &path[..run])) || paths.has(hash::path_key(host, b""))
    }

    /// Whether a URL of this host may be listed.
    pub fn may_list_urls_of(&self, host: &Host) -> bool {
        match host {
            Host::Address(address) => {
                self.lists_address(*address) && self.has_url_of(&host.spelled())
            }
            Host::Name(name) => self.slots(hash::whole(name, true)).any(|id| {
                let rest = self.line(id).and_then(|line| line.strip_prefix(&name[..]));
                matches!(rest, Some([b':' | b'/' | b'?' | b'#', ..]))
            }),
        }
    }

    fn has_url_of(&self, host: &[u8]) -> bool {
        let (ids, _) = self.section(Section::Urls).as_chunks::<4>();
        let url = |id: &[u8; 4]| self.hashed(u32::from_le_bytes(*id)).unwrap_or_default();
        b":/?#".iter().any(|&border| {
            let start = [host, &[border]].concat();
            let first = ids.partition_point(|id| url(id) < &start[..]);
            ids.get(first).is_some_and(|id| url(id).starts_with(&start))
        })
    }

    pub fn has_urls(&self) -> bool {
        !self.section(Section::Urls).is_empty()
    }

    fn v4_slot(&self, bits: u32) -> Option<u32> {
        // Most machines have such an address, and each line names one.
        if bits >> 24 == TEN && !self.lists_tens() {
            return None;
        }
        slots::v4(self.section(Section::V4), bits)
    }

    fn v6_slot(&self, value: u128) -> Option<u32> {
        slots::v6(self.section(Section::V6), value)
    }

    fn slot(&self, address: Address) -> Option<u32> {
        match address.v4() {
            Some(bits) => self.v4_slot(bits),
            None => self.v6_slot(address.0),
        }
    }

    /// Whether any kind of item, or a provider, names this address.
    pub fn lists_address(&self, address: Address) -> bool {
        let lists = |address| self.slot(address).is_some() || self.find_network(address).is_some();
        lists(address) || address.site().is_some_and(lists)
    }

    /// Whether an address, an endpoint or a URL's host is the IPv4 address that stands here, or a provider's endpoint
    /// whose port the line shows.
    pub fn may_show_v4(&self, bits: u32, buf: &[u8], (start, end): (usize, usize)) -> bool {
        self.v4_slot(bits)
            .is_some_and(|id| id != MARK || shows_port(buf, start, end))
    }

    /// Whether any kind of item names the address that stands here, or a provider's endpoint whose port the line shows.
    pub fn may_show(&self, address: Address, buf: &[u8], (start, end): (usize, usize)) -> bool {
        self.find_network(address).is_some()
            || self
                .slot(address)
                .is_some_and(|id| id != MARK || shows_port(buf, start, end))
    }

    /// Whether a listed name is a suffix of the token that ends at `end`, or the token is the host of a listed
    /// URL whose path may stand in the line.
    pub fn covers_name_ending_at(&self, buf: &[u8], end: usize) -> bool {
        let mut folded = [0u8; 256];
        let mut at = folded.len();
        let mut labels = 0;
        for i in (0..end).rev() {
            let b = buf[i];
            let token = address::is_token(b);
            if b == b'.' || !token {
                labels += 1;
                let first =
                    !token || i == 0 || buf[i - 1] == b'.' || !address::is_token(buf[i - 1]);
                if labels > 1 && self.names_whole(&folded[at..], first, buf, end) {
                    return true;
                }
                if !token {
                    return false;
                }
            }
            if at == 0 {
                break;
            }
            at -= 1;
            folded[at] = b.to_ascii_lowercase();
        }
        // A longer token is left to phase 2.
        true
    }

    /// Whether the label with this place, in digits, is one of this kind.
    fn is_of(&self, kind: Kind, digits: &[u8]) -> bool {
        let label = label(self.section(Section::Labels), digits);
        let rest = label.and_then(|l| l.strip_prefix(kind.word().as_bytes()));
        rest.is_some_and(|rest| rest.starts_with(b"\t"))
    }

    /// Whether an item is this name and covers it; `is_whole` if no label stands before it in the line.
    fn is_name(&self, id: u32, name: &[u8], is_whole: bool) -> bool {
        let line = self.line(id).unwrap_or_default();
        let (value, covers) = match line {
            [b'=', value @ ..] => (value, is_whole),
            [b'*', b'.', value @ ..] => (value, !is_whole),
            _ => (line, true),
        };
        match value.strip_prefix(name) {
            Some([b'\t', digits @ ..]) => covers && self.is_of(Kind::Domain, digits),
            _ => false,
        }
    }

    fn names_whole(&self, name: &[u8], first: bool, buf: &[u8], end: usize) -> bool {
        let h = hash::whole(name, true);
        self.slots(h).any(|id| {
            if id == MARK {
                return true;
            }
            let spelled = self.line(id).unwrap_or_default();
            let spelled = spelled.strip_prefix(b"=").unwrap_or(spelled);
            let spelled = spelled.strip_prefix(b"*.").unwrap_or(spelled);
            match spelled.strip_prefix(name) {
                Some([b'\t', digits @ ..]) if self.is_of(Kind::Domain, digits) => true,
                Some([b'\t' | b':' | b'/' | b'?' | b'#', ..]) => {
                    first && self.may_show_path(h, buf, end)
                }
                _ => false,
            }
        })
    }

    /// Whether the token that stands here may be the host of a listed URL whose path the line shows.
    pub fn may_show_url_of(&self, buf: &[u8], start: usize, end: usize) -> bool {
        self.may_show_path(hash::whole(&buf[start..end], true), buf, end)
    }

    /// Whether the line around a name that ends at `end` shows the beginning of a path listed for the host with this
    /// hash. A path follows its host or port, or begins a value: nothing else before its slash is a letter or digit.
    fn may_show_path(&self, host: u64, buf: &[u8], end: usize) -> bool {
        let paths = Filter::new(self.section(Section::Paths)).expect("checked when opened");
        let from = end - end.min(LONGEST_LOOK);
        let start = memchr::memrchr(b'\n', &buf[from..end]);
        let stop = memchr::memchr(b'\n', &buf[end..buf.len().min(end + LONGEST_LOOK)]);
        let (Some(start), Some(stop)) = (start, stop) else {
            return true;
        };
        let start = from + start + 1;
        let line = &buf[start..end + stop];
        paths.has(hash::path_key(host, b""))
            || memchr::memchr2_iter(b'/', b'\\', line).any(|slash| {
                let after = (start + slash).checked_sub(end);
                let follows = after.is_some_and(|n| n <= LONGEST_PORT);
                if !follows && slash > 0 && line[slash - 1].is_ascii_alphanumeric() {
                    return false;
                }
                let path = &line[slash + 1..];
                let run = path.iter().take_while(|&&b| address::is_token(b)).count();
                run > 0 && paths.has(hash::path_key(host, &path[..run]))
            })
    }
}
