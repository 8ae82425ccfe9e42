//! Phase 1: finds the places of a chunk where a listed name or address may stand.
//!
//! It may name too many lines, never too few: phase 2 parses each line named here and decides. Every byte goes
//! through `Classes::masks`; carries between 64-byte blocks replace any look-ahead.
mod ipv4;
mod ipv6;
mod names;
mod strange;
mod streams;

use crate::hash::Filter;
use crate::raw::{Classes, Masks};
use crate::set::Set;
use streams::{BIAS, Places, Stream, WORDS};

pub(crate) use ipv6::head_key;

/// Bytes that stand before a chunk's data, so that looking back never leaves the buffer.
pub const FRONT: usize = 64;
/// Zero bytes after it.
pub const BACK: usize = 128;

/// Whole lines: `buf[from..from + len]`, with `FRONT` bytes or more before and `BACK` zeros after them.
pub struct Search<'a> {
    pub set: &'a Set,
    pub buf: &'a [u8],
    pub from: usize,
    pub len: usize,
    pub scratch: &'a mut Scratch,
}

/// Places in `buf` that lie inside lines phase 2 must see, and the number of line feeds.
#[derive(Debug, Default)]
pub struct Candidates {
    pub places: Vec<u32>,
    pub newlines: u64,
}

/// Reused working memory of one thread.
pub struct Scratch {
    streams: Streams,
    names: Places,
    v4: Places,
    v6: Places,
}

/// The classes that are looked back at.
struct Streams {
    token: Stream,
    dot: Stream,
    digit: Stream,
    group: Stream,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            streams: Streams {
                token: Stream::new(),
                dot: Stream::new(),
                digit: Stream::new(),
                group: Stream::new(),
            },
            names: Places::new(),
            v4: Places::new(),
            v6: Places::new(),
        }
    }
}

/// One part of a chunk: what the checks of its places need.
struct Part<'a> {
    set: &'a Set,
    buf: &'a [u8],
    /// Where in `buf` place 0 lies.
    zero: usize,
    streams: &'a Streams,
}

/// Bits at or beside set bits, with the last one carried from block to block.
#[derive(Default)]
struct Carry {
    after_dot: u64,
    name: u64,
    numbers: [u64; 2],
    second_dot: u64,
    after_colon: u64,
    groups: [u64; 2],
    second_colon: u64,
    address: u64,
}

/// Each bit one byte later; `carry` is the bit that leaves at the end and enters at the next block's start.
#[inline(always)]
fn later(bits: u64, carry: &mut u64) -> u64 {
    let moved = bits << 1 | *carry;
    *carry = bits >> 63;
    moved
}

/// The first byte behind each run of `run` that has a bit of `begin` in it. Adding the bit ripples to the end of
/// its run; several bits in one run still overflow it only once. Bits of untouched runs remain: mask them.
#[inline(always)]
fn behind(run: u64, begin: u64, carry: &mut u64) -> u64 {
    // A run that reaches a block's end goes on at the next one's first byte.
    let (sum, over) = run.overflowing_add(begin | *carry);
    *carry = u64::from(over);
    sum
}

/// Places of one block.
struct Found {
    names: u64,
    /// A name whose last byte is a dot ends before it.
    dotted: u64,
    v4: u64,
    /// Colons of what may be an IPv6 address.
    colons: u64,
}

impl Carry {
    #[inline(always)]
    fn find(&mut self, m: &Masks, any_label: u64, has_addresses: bool) -> Found {
        // Names: the last label of a token, begun by a letter.
        let after_dot = later(m.dot, &mut self.after_dot);
        let inside = m.token & !m.dot;
        let begin = after_dot & (m.letter | inside & any_label);
        let mut found = Found {
            names: behind(inside, begin, &mut self.name) & !m.token,
            dotted: after_dot & !m.token,
            v4: 0,
            colons: 0,
        };
        if has_addresses {
            // IPv4: a dot, digits, a dot, digits, a dot: the third dot of an address is always one of these.
            let [first, second] = &mut self.numbers;
            let x = behind(m.digit, after_dot & m.digit, first) & m.dot;
            let after = later(x, &mut self.second_dot);
            found.v4 = behind(m.digit, after & m.digit, second) & m.dot;

            // IPv6: two colons together, or three with hexadecimal digits between. An address has `::`, or six
            // colons or more; a time has two.
            let after = later(m.colon, &mut self.after_colon);
            let digits = m.group & !m.colon;
            let [first, second] = &mut self.groups;
            let x = behind(digits, after & digits, first) & m.colon;
            let joined = m.colon & after;
            let after = later(x, &mut self.second_colon);
            let y = behind(digits, after & digits, second) & m.colon;
            found.colons = joined | y;
        }
        found
    }
}

/// Finds candidates with the classes of one instruction set.
#[inline(always)]
pub fn find<C: Classes>(classes: C, search: &mut Search<'_>, out: &mut Candidates) {
    let (set, buf, from, len) = (search.set, search.buf, search.from, search.len);
    let filters = set.filters();
    let Scratch {
        streams,
        names,
        v4,
        v6,
    } = &mut *search.scratch;
    let any_label = if set.letter_labels_only() {
        0
    } else {
        u64::MAX
    };
    let has_addresses = set.has_addresses();
    let mut carry = Carry::default();
    streams.each(Stream::clear);
    // One block more than the data, so that a token at the very end is closed by the zeros after it.
    let blocks = len / 64 + 1;
    let mut first = 0;
    while first < blocks {
        let count = (blocks - first).min(WORDS);
        let base = from + first * 64;
        let (mut name_count, mut v4_count, mut v6_count) = (0, 0, 0);
        let words = streams
            .token
            .words(count)
            .iter_mut()
            .zip(streams.dot.words(count))
            .zip(streams.digit.words(count))
            .zip(streams.group.words(count));
        let (data, _) = buf[base..base + count * 64].as_chunks::<64>();
        let mut at = BIAS as u16;
        for (block, (((token, dot), digit), group)) in data.iter().zip(words) {
            let m = classes.masks(block);
            *token = m.token.to_le_bytes();
            *dot = m.dot.to_le_bytes();
            *digit = m.digit.to_le_bytes();
            *group = m.group.to_le_bytes();
            out.newlines += u64::from(m.newline.count_ones());
            let found = carry.find(&m, any_label, has_addresses);
            name_count = classes.places(found.names, at, &mut names.at, name_count);
            v4_count = classes.places(found.v4, at, &mut v4.at, v4_count);
            if (found.colons | carry.address | found.dotted | m.strange) != 0 {
                let ends = behind(m.group, found.colons, &mut carry.address) & !m.group;
                v6_count = classes.places(ends, at, &mut v6.at, v6_count);
                let mut dotted = found.dotted;
                while dotted != 0 {
                    let place = at + dotted.trailing_zeros() as u16;
                    dotted &= dotted - 1;
                    let end = base - BIAS + usize::from(place);
                    if buf[end - 2] == b'.' {
                        names::check_dots(set, buf, end, &mut out.places);
                    } else {
                        names.at[name_count] = place - 1;
                        name_count += 1;
                    }
                }
                if m.strange != 0 {
                    let place = base - BIAS + usize::from(at);
                    strange::check(classes, set, buf, place, m.token, &mut out.places);
                }
            }
            at += 64;
        }

        let part = Part {
            set,
            buf,
            zero: base - BIAS,
            streams,
        };
        part.names(classes, &filters, names, name_count, &mut out.places);
        if has_addresses {
            part.v4(classes, &filters, v4, v4_count, &mut out.places);
            part.v6(&filters, &v6.at[..v6_count], &mut out.places);
        }
        streams.each(|stream| stream.advance(count));
        first += count;
    }
}

impl Streams {
    fn each(&mut self, mut act: impl FnMut(&mut Stream)) {
        act(&mut self.token);
        act(&mut self.dot);
        act(&mut self.digit);
        act(&mut self.group);
    }
}

impl Places {
    /// Keeps the first `n` places whose hash the filter knows, each with its hash, and says how many remain.
    #[inline(always)]
    fn keep(&mut self, filter: Filter<'_>, n: usize) -> usize {
        let mut kept = 0;
        for i in 0..n {
            let h = self.hashes[i];
            self.at[kept] = self.at[i];
            self.hashes[kept] = h;
            kept += usize::from(filter.has(h));
        }
        kept
    }
}
