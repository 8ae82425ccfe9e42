//! The compiled set file: `QSSET2\n`, one JSON line, then sections, then the sum of all bytes before it. Both engines read
//! the sections `list` and `labels`; the others are the native index. Offsets count from the end of the JSON line. The
//! number of an item is the place of its line in `list`, so that no table leads there.
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use foldhash::fast::RandomState;
use sha2::{Digest, Sha256};

use crate::canonical::address::{self, Address};
use crate::error::Error;
use crate::parallel::join;
use crate::raw::Map;
use crate::set::hash::{self, FilterBuilder, tail16, tail32};
use crate::set::header::{DAMAGED, Header, INDEX, Index, SECTIONS, Section, assemble, is_right};
pub use crate::set::header::{MAGIC, seal};
use crate::set::providers::{FIRST, MARK, Providers};
use crate::set::ranges::{self, Span};
use crate::set::slots::{v4_slots, v6_slots, value_slots};
use crate::set::{Item, Kind, NO_ITEM, Set, TEN};

/// A network of more /24s than this makes phase 1 read every IPv4 address strictly.
const MOST_HEADS: u32 = 1 << 12;
/// Bits of a filter for each key, at least.
const SMALL: usize = 16;
/// For filters of few keys that are asked several times for one token.
const SHARP: usize = 32;

/// The host of a URL item: what stands before its port or path.
pub fn url_host(value: &str) -> &str {
    if value.starts_with('[') {
        return value.find(']').map_or(value, |end| &value[..=end]);
    }
    value
        .find([':', '/', '?', '#'])
        .map_or(value, |end| &value[..end])
}

/// What stands between the first slash of a path and the next byte that no name has; empty if that is nothing.
fn path_start(rest: &str) -> &[u8] {
    let path = rest
        .find('/')
        .map_or(&b""[..], |slash| &rest.as_bytes()[slash + 1..]);
    &path[..path.iter().take_while(|&&b| address::is_token(b)).count()]
}

/// The key of an address, or of its first three numbers, as it is written.
fn text_key(text: &str) -> u64 {
    let mut padded = [0u8; 32];
    padded[16..16 + text.len()].copy_from_slice(text.as_bytes());
    tail16(&padded, 16 + text.len(), text.len())
}

/// That a file is not as it was written.
fn damaged(path: &Path) -> Error {
    Error::set(format!("{}: {DAMAGED}", path.display()))
}

impl Set {
    /// Opens a set file by a map, and reads all its bytes once to know that they are as they were written; one without
    /// an index gets it in memory, and the set's id vouches for the list. So does one whose index was made with other
    /// providers.
    pub fn open(path: &Path, providers: Option<Arc<Providers>>) -> Result<Arc<Set>, Error> {
        let io = |source| Error::Io {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(io)?;
        let map = Map::open(&file).map_err(io)?;
        let named = |e| Error::set(format!("{}: {e}", path.display()));
        let header = Header::read(&map).map_err(named)?;
        if header.indexed && header.providers == digest(providers.as_deref()) {
            let found = is_right(&map).then(|| Set::new(map, header));
            let set = found.and_then(Result::ok).ok_or_else(|| damaged(path))?;
            return Ok(Arc::new(set.with(providers)));
        }
        let part = |name| {
            let (at, len) = header.section(name);
            &map[at..at + len]
        };
        index(part(Section::List), part(Section::Labels), providers)
            .ok()
            .filter(|set| set.id() == header.id && set.count() == header.count)
            .map(Arc::new)
            .ok_or_else(|| damaged(path))
    }
}

/// Builds a set with its index from the lines of the canonical list, already merged and sorted: hashed
/// spelling, kind, family, with tabs between.
pub fn compile(list: &[u8], providers: Option<Arc<Providers>>) -> Result<Set, Error> {
    let text =
        std::str::from_utf8(list).map_err(|_| Error::set("the indicator list is not UTF-8"))?;
    let mut items = Vec::new();
    for line in text.lines() {
        items.push(Item::parse(line).ok_or_else(|| {
            let number = items.len() + 1;
            Error::set(format!(
                "line {number} of the indicator list is not an item"
            ))
        })?);
    }
    compile_items(&items, providers)
}

/// Builds the index of a set file that has none.
pub fn index(list: &[u8], labels: &[u8], providers: Option<Arc<Providers>>) -> Result<Set, Error> {
    let damaged = || Error::set(DAMAGED);
    let mut items = Vec::new();
    let mut at = 0;
    while at < list.len() {
        let item = Item::at(list, labels, at).ok_or_else(damaged)?;
        items.push(item);
        at += memchr::memchr(b'\n', &list[at..]).ok_or_else(damaged)? + 1;
    }
    compile_items(&items, providers)
}

/// Builds a set with its index from items, already merged and sorted.
pub fn compile_items(items: &[Item<'_>], providers: Option<Arc<Providers>>) -> Result<Set, Error> {
    if items.is_empty() {
        return Err(Error::set("the indicator set is empty"));
    }
    let (labels, places) = labels(items);
    let mut build = Build::default();
    let mut list = Vec::with_capacity(items.len() * 32);
    let mut id = Sha256::new();
    for item in items {
        let number = u32::try_from(list.len())
            .ok()
            .filter(|&n| n < FIRST)
            .ok_or_else(|| Error::set("the indicator list is larger than 4 GiB"))?;
        if number > 0 {
            id.update(b"\n");
        }
        id.update(item.hashed);
        build.add(number, item)?;
        list.extend_from_slice(item.hashed.as_bytes());
        list.push(b'\t');
        list.extend_from_slice(&places[&Label::of(item)]);
        list.push(b'\n');
    }
    for item in providers.iter().flat_map(|providers| providers.items()) {
        build.mark(&item)?;
    }
    build.providers = digest(providers.as_deref());
    let id = id.finalize().iter().map(|b| format!("{b:02x}")).collect();
    let set = build.finish(list, labels, items.len(), id)?;
    Ok(set.with(providers))
}

fn digest(providers: Option<&Providers>) -> Option<u64> {
    providers.map(|providers| providers.digest)
}

/// Kind and family.
#[derive(Clone, Copy, Eq, Hash)]
struct Label<'a>(&'a str, &'a str);

impl<'a> Label<'a> {
    fn of(item: &Item<'a>) -> Self {
        Label(item.kind, item.family)
    }
}

impl PartialEq for Label<'_> {
    fn eq(&self, other: &Self) -> bool {
        // An empty text points nowhere, and there a vectorised comparison takes a hundred nanoseconds for nothing.
        let is_same = |a: &str, b: &str| a.len() == b.len() && (a.is_empty() || a == b);
        is_same(self.0, other.0) && is_same(self.1, other.1)
    }
}

type Places<'a> = HashMap<Label<'a>, Vec<u8>, RandomState>;

/// Kinds with families, the commonest first, and for each the digits of its place, which an item ends with.
fn labels<'a>(items: &[Item<'a>]) -> (Vec<u8>, Places<'a>) {
    let mut counts: HashMap<Label<'_>, usize, RandomState> = HashMap::default();
    for item in items {
        *counts.entry(Label::of(item)).or_default() += 1;
    }
    let mut found: Vec<_> = counts.into_iter().collect();
    found.sort_unstable_by(|(a, n), (b, m)| m.cmp(n).then((a.0, a.1).cmp(&(b.0, b.1))));
    let mut text = Vec::new();
    let mut places = Places::with_capacity_and_hasher(found.len(), RandomState::default());
    for (label, _) in found {
        places.insert(label, text.len().to_string().into_bytes());
        text.extend_from_slice(format!("{}\t{}\n", label.0, label.1).as_bytes());
    }
    (text, places)
}

#[derive(Default)]
struct Build {
    /// (hash, item) of names, endpoints and hosts of URLs.
    values: Vec<(u64, u32)>,
    /// The keys of two labels and of three.
    names: Vec<(u64, u64)>,
    host_names: Vec<(u64, u64)>,
    v4: Vec<(u32, u32)>,
    /// Whether an address in 10.0.0.0/8 is among these or in a network.
    tens: bool,
    v6: Vec<(u128, u32)>,
    networks4: Vec<Span>,
    networks6: Vec<Span>,
    urls: Vec<u32>,
    hosts: HashSet<String>,
    paths: Vec<u64>,
    heads4: Vec<u64>,
    /// Those of networks.
    nets4: Vec<u64>,
    heads6: Vec<u64>,
    all_heads4: bool,
    all_heads6: bool,
    every_line: bool,
    odd_labels: bool,
    /// The beginnings of addresses that only providers name.
    marked4: Vec<u64>,
    marked6: Vec<u64>,
    providers: Option<u64>,
}

impl Build {
    fn add(&mut self, id: u32, item: &Item<'_>) -> Result<(), Error> {
        let bad = || Error::set(format!("{} is not a {}", item.hashed, item.kind));
        match Kind::parse(item.kind).ok_or_else(bad)? {
            Kind::Domain => {
                let keys = self.name_keys(item.value());
                self.names.extend(keys);
                self.values
                    .push((hash::whole(item.value().as_bytes(), true), id));
            }
            Kind::Ipv4 | Kind::Ipv6 => {
                let address = address::parse_bare(item.hashed.as_bytes()).ok_or_else(bad)?;
                self.address(address, id);
            }
            Kind::Cidr => self.network(item.hashed, id).ok_or_else(bad)?,
            Kind::IpPort => {
                let (host, _) = item.hashed.rsplit_once(':').ok_or_else(bad)?;
                let address = address::parse(host.as_bytes()).ok_or_else(bad)?;
                self.address(address, NO_ITEM);
                self.values
                    .push((hash::whole(item.hashed.as_bytes(), true), id));
            }
            Kind::Url => {
                self.urls.push(id);
                let host = url_host(item.hashed);
                let key = hash::path_key(
                    hash::whole(host.as_bytes(), true),
                    path_start(&item.hashed[host.len()..]),
                );
                self.paths.push(key);
                if self.hosts.insert(host.to_owned()) {
                    match address::parse(host.as_bytes()) {
                        Some(address) => self.address(address, NO_ITEM),
                        None => {
                            let keys = self.name_keys(host);
                            self.host_names.extend(keys);
                            self.values.push((hash::whole(host.as_bytes(), true), id));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Has phase 1 find a provider's name or endpoint; the items do not know it.
    fn mark(&mut self, item: &Item<'_>) -> Result<(), Error> {
        let bad = || Error::set(format!("{} is no name or endpoint", item.hashed));
        match Kind::parse(item.kind) {
            Some(Kind::Domain) => {
                let keys = self.name_keys(item.value());
                self.names.extend(keys);
                self.values
                    .push((hash::whole(item.value().as_bytes(), true), MARK));
            }
            Some(Kind::IpPort) => {
                let (host, _) = item.hashed.rsplit_once(':').ok_or_else(bad)?;
                let (heads4, heads6) = (self.heads4.len(), self.heads6.len());
                self.address(address::parse(host.as_bytes()).ok_or_else(bad)?, MARK);
                self.marked4.extend(self.heads4.drain(heads4..));
                self.marked6.extend(self.heads6.drain(heads6..));
            }
            _ => return Err(bad()),
        }
        Ok(())
    }

    fn name_keys(&mut self, name: &str) -> Option<(u64, u64)> {
        let bytes = name.as_bytes();
        let labels = bytes.iter().filter(|&&b| b == b'.').count() + 1;
        let plain = bytes.iter().all(|&b| address::is_token(b))
            && !bytes.contains(&0)
            && !name.starts_with('.');
        if labels < 2 || !plain || bytes.len() > 255 || name.ends_with('.') {
            self.every_line = true;
            return None;
        }
        let mut padded = [0u8; 64 + 255];
        let end = 64 + bytes.len();
        padded[64..end].copy_from_slice(bytes);
        let last = |n: usize| {
            bytes
                .iter()
                .enumerate()
                .rev()
                .filter(|&(_, &b)| b == b'.')
                .nth(n - 1)
                .map_or(bytes.len(), |(i, _)| bytes.len() - i - 1)
        };
        let label = bytes[bytes.len() - last(1)];
        self.odd_labels |= label & 0x40 == 0;
        let three = if labels == 2 {
            !tail32(&padded, end, last(2))
        } else {
            tail32(&padded, end, last(3))
        };
        Some((tail16(&padded, end, last(2)), three))
    }

    fn address(&mut self, address: Address, id: u32) {
        match address.v4() {
            Some(bits) => {
                self.v4.push((bits, id));
                self.tens |= bits >> 24 == TEN;
                self.head(bits >> 8);
            }
            None => {
                self.v6.push((address.0, id));
                self.heads6.push(hash::head_key((address.0 >> 96) as u32));
            }
        }
    }

    fn head(&mut self, head: u32) -> u64 {
        let key = text_key(&format!(
            "{}.{}.{}",
            head >> 16,
            head >> 8 & 255,
            head & 255
        ));
        self.heads4.push(key);
        key
    }

    fn network(&mut self, text: &str, id: u32) -> Option<()> {
        let (base, bits) = text.split_once('/')?;
        let address = address::parse_bare(base.as_bytes())?;
        let bits: u32 = bits.parse().ok()?;
        let (spans, bits) = match address.v4() {
            Some(_) if !base.contains(':') => (&mut self.networks4, bits.checked_add(96)?),
            Some(_) => (&mut self.networks4, bits),
            None => (&mut self.networks6, bits),
        };
        if bits > 128 || (address.v4().is_some() && bits < 96) {
            return None;
        }
        let low = u128::MAX.checked_shr(bits).unwrap_or(0);
        let span = Span {
            first: address.0 & !low,
            last: address.0 | low,
            item: id,
        };
        spans.push(span);
        if address.v4().is_some() {
            let (first, last) = (span.first as u32 >> 8, span.last as u32 >> 8);
            self.tens |= (first >> 16..=last >> 16).contains(&TEN);
            if last - first >= MOST_HEADS {
                self.all_heads4 = true;
            } else {
                for head in first..=last {
                    let key = self.head(head);
                    self.nets4.push(key);
                }
            }
        } else if bits >= 32 {
            self.heads6.push(hash::head_key((address.0 >> 96) as u32));
        } else {
            self.all_heads6 = true;
        }
        Some(())
    }

    fn finish(
        self,
        list: Vec<u8>,
        labels: Vec<u8>,
        count: usize,
        id: String,
    ) -> Result<Set, Error> {
        let is_own = |id: u32| id != MARK;
        let addresses = self.v4.iter().any(|&(_, id)| is_own(id))
            || self.v6.iter().any(|&(_, id)| is_own(id))
            || self.networks4.len() + self.networks6.len() > 0;
        let keys = self.names.iter().chain(&self.host_names);
        let two: Vec<u64> = keys.map(|keys| keys.0).collect();
        let three: Vec<u64> = self.names.iter().map(|keys| keys.1).collect();
        let hosts: Vec<u64> = self.host_names.iter().map(|keys| keys.1).collect();
        let texts4 = |wanted: &dyn Fn(u32) -> bool| -> Vec<u64> {
            let addresses = self.v4.iter().filter(|&&(_, id)| wanted(id));
            addresses
                .map(|&(bits, _)| text_key(&Ipv4Addr::from(bits).to_string()))
                .collect()
        };
        let (own_texts4, texts4) = (texts4(&is_own), texts4(&|_| true));
        let filter = |keys: &[u64], bits: usize, all: bool| {
            let mut filter = FilterBuilder::new(keys.len(), bits);
            keys.iter().for_each(|&h| filter.add(h));
            if all {
                filter.fill();
            }
            filter.bytes()
        };
        // IPv4 in hexadecimal IPv6 spelling begins with 32 zero bits.
        let own_heads6 = [&self.heads6[..], &[hash::head_key(0)]].concat();
        let heads6 = [&own_heads6[..], &self.marked6].concat();
        let heads4 = [&self.heads4[..], &self.marked4].concat();
        let numbers = |v: &[u32]| v.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        let ((values, v4, v6), (two, three, hosts)) = join(
            || {
                let values = value_slots(&self.values);
                (values, v4_slots(&self.v4), v6_slots(&self.v6))
            },
            || {
                let [two, three] = [two, three].map(|keys| filter(&keys, SMALL, false));
                (two, three, filter(&hosts, SHARP, false))
            },
        );
        let bodies: [Vec<u8>; SECTIONS.len()] = [
            list,
            labels,
            values,
            v4,
            v6,
            ranges::to_bytes(&ranges::flatten(self.networks4)),
            ranges::to_bytes(&ranges::flatten(self.networks6)),
            numbers(&self.urls),
            two,
            three,
            hosts,
            filter(&heads4, SMALL, self.all_heads4),
            filter(&heads6, SMALL, self.all_heads6),
            filter(&self.paths, SHARP, false),
            filter(&texts4, SMALL, false),
            filter(&self.nets4, SHARP, self.all_heads4),
            filter(&self.heads4, SMALL, self.all_heads4),
            filter(&own_texts4, SMALL, false),
            filter(&own_heads6, SMALL, self.all_heads6),
        ];
        let index = Index {
            version: INDEX,
            every_line: self.every_line,
            letter_labels: !self.odd_labels,
            addresses,
            tens: self.tens,
            providers: self.providers,
        };
        let bytes = assemble(id, count, index, &bodies)?;
        let header = Header::read(&bytes)?;
        Set::new(Map::Memory(bytes), header)
    }
}
