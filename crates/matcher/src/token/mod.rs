//! Phase 1: finds the places of a chunk where a listed name or address may stand.
//!
//! It may find too many lines, never too few: phase 2 parses each line found here and decides. Every byte goes
//! through `Classes::masks`; carries between 64-byte blocks replace any look-ahead.
mod asked;
pub(crate) mod buffer;
mod hidden;
#[cfg(test)]
mod hidden_tests;
mod ipv4;
mod ipv6;
mod names;
mod spelling;
#[cfg(test)]
mod tests;
mod trust;

use std::cell::Cell;

use crate::raw::streams::{BIAS, Places, Stream, WORDS, later};
use crate::raw::{self, BLOCKS, Bytes, Classes, Level, Work};
use crate::reader::colours::ESCAPE;
use crate::set::Set;
use crate::set::asked::Asked;
use crate::set::hash::Filter;
use hidden::Hidden;
use trust::Trust;

/// Bytes that stand before a chunk's data, so that looking back never leaves the buffer.
pub const FRONT: usize = BIAS + LOOK;
/// Zero bytes after it.
pub const BACK: usize = 128;

/// Whole lines: `buf[from..from + len]`, with `FRONT` bytes or more before and `BACK` zeros after them.
pub struct Search<'a> {
    pub set: &'a Set,
    /// Machines that the scan is asked about, if any.
    pub asked: Option<&'a Asked>,
    /// Whether the addresses of providers are looked for.
    pub endpoints: bool,
    pub buf: &'a [u8],
    pub from: usize,
    pub len: usize,
    pub scratch: &'a mut Scratch,
}

/// Places in `buf` that lie inside lines phase 2 must see, the number of line feeds, and whether there are zero bytes or
/// escapes of a terminal.
#[derive(Debug, Default)]
pub struct Candidates {
    pub places: Vec<u32>,
    /// Places in lines that may name a machine that is asked about, with its group, in no order.
    pub asked: Vec<(u32, u32)>,
    /// Places of addresses that may lie outside the own networks, in no order; only of a scan that is asked about machines.
    pub outside: Vec<u32>,
    pub newlines: u64,
    pub has_controls: bool,
    /// Whether there are bytes outside ASCII.
    pub has_high: bool,
}

/// Reused working memory of one thread.
pub struct Scratch {
    streams: Streams,
    names: Box<Places>,
    trust: Trust,
    v4: Box<Places>,
    v6: Box<Places>,
    /// Of a scan that is asked about machines.
    tokens: Box<Places>,
}

/// Bits of each byte of a part.
struct Streams {
    token: Stream,
    dot: Stream,
    /// Dots, and what is no token.
    border: Stream,
    digit: Stream,
    /// Hexadecimal digits and `:`.
    group: Stream,
    colon: Stream,
    /// Each `0` behind a `1`.
    ten: Stream,
    /// Dots behind a digit; those that may be an address's first; those with one of these shortly before; and those
    /// with one of those.
    numbers: [Stream; 4],
    /// Colons behind a group; those with another shortly before; and with two.
    groups: [Stream; 3],
}

thread_local! {
    /// That of a scan that has ended: to make one takes longer than to look at a line.
    static UNUSED: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

impl Scratch {
    /// One for this thread.
    pub fn take() -> Box<Scratch> {
        UNUSED.take().unwrap_or_default()
    }

    /// Keeps it for the next scan of this thread.
    pub fn give_back(mut self: Box<Self>) {
        self.trust = Trust::default();
        UNUSED.set(Some(self));
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            streams: Streams {
                token: Stream::new(),
                dot: Stream::new(),
                border: Stream::new(),
                digit: Stream::new(),
                group: Stream::new(),
                colon: Stream::new(),
                ten: Stream::new(),
                numbers: [const { Stream::new() }; 4],
                groups: [const { Stream::new() }; 3],
            },
            names: raw::places(),
            trust: Trust::default(),
            v4: raw::places(),
            v6: raw::places(),
            tokens: raw::places(),
        }
    }
}

/// Bytes of a token that its bits show whole.
const SEEN_OF_TOKEN: u32 = raw::streams::SEEN;
/// Bytes before a place that a hash may reach.
const LOOK: usize = 64;

/// One part of a chunk: what the checks of its places need.
struct Part<'a> {
    set: &'a Set,
    endpoints: bool,
    buf: &'a [u8],
    /// Where in `buf` place 0 lies.
    zero: usize,
    /// From `LOOK` bytes before place 0 on.
    text: &'a [u8],
    streams: &'a Streams,
}

/// Bits carried from one block to the next.
#[derive(Default)]
struct Carry {
    dot: u64,
    name: u64,
    group: u64,
}

/// A search on its way to its instruction set.
struct Find<'f, 's> {
    search: &'f mut Search<'s>,
    out: &'f mut Candidates,
}

impl Work for Find<'_, '_> {
    #[inline(always)]
    fn run<C: Classes>(self, classes: C) {
        find(classes, self.search, self.out);
    }
}

impl Search<'_> {
    /// Adds what may be listed to the candidates, by the instructions of this level.
    pub fn find(&mut self, level: Level, out: &mut Candidates) {
        level.run(Find { search: self, out });
    }
}

/// Finds candidates with the classes of one instruction set.
#[inline(always)]
fn find<C: Classes>(classes: C, search: &mut Search<'_>, out: &mut Candidates) {
    let (set, buf, from, len) = (search.set, search.buf, search.from, search.len);
    let filters = set.filters(search.endpoints);
    let mut hidden = Hidden::new(set, search.asked, buf, from);
    let Scratch {
        streams,
        names,
        trust,
        v4,
        v6,
        tokens,
    } = &mut *search.scratch;
    let (names, v4, v6) = (&mut **names, &mut **v4, &mut **v6);
    let no_label = if set.letter_labels_only() {
        u64::MAX
    } else {
        0
    };
    let asked = search.asked;
    let has_endpoints = set.has_endpoints(search.endpoints);
    let has_addresses = has_endpoints || asked.is_some();
    let no_tens = if set.lists_tens() || asked.is_some_and(|asked| asked.tens) {
        0
    } else {
        u64::MAX
    };
    let mut carry = Carry::default();
    streams.each(Stream::clear);
    // No token stands before the first part.
    streams.border.fill_past();
    // One block more than the data, so that a token at the very end is closed by the zeros after it.
    let blocks = len / 64 + 1;
    let mut first = 0;
    while first < blocks {
        let count = (blocks - first).min(WORDS);
        let base = from + first * 64;
        let mut name_count = 0;
        let mut last: Bytes = [0; 1 + 64 * BLOCKS];
        for i in 0..count.div_ceil(BLOCKS) {
            let data = &buf[base + 64 * BLOCKS * i - 1..base + 64 * count];
            let m = classes.masks(data.first_chunk().unwrap_or_else(|| {
                last[..data.len()].copy_from_slice(data);
                &last
            }));
            streams.token.put(i, m.token);
            streams.dot.put(i, m.dot);
            streams.digit.put(i, m.digit);
            streams.group.put(i, m.group);
            streams.colon.put(i, m.colon);
            streams.ten.put(i, m.ten);
            out.newlines += m.newlines;
            let whole = (count - BLOCKS * i).min(BLOCKS);
            // Behind them lie zeros.
            let mut odd = m.hidden & (u8::MAX >> (BLOCKS - whole));
            while odd != 0 {
                let block = odd.trailing_zeros() as usize;
                odd &= odd - 1;
                let at = base + 64 * (BLOCKS * i + block);
                let bits = [m.token[block], m.dot[block], m.colon[block]];
                hidden.check(classes, at, bits, &mut out.places);
                let text = &buf[at..(at + 64).min(from + len)];
                out.has_controls = out.has_controls || memchr::memchr2(0, ESCAPE, text).is_some();
            }
        }
        let mut at = BIAS as u16;
        let words = streams
            .token
            .pairs(count)
            .zip(streams.dot.pairs(count))
            .zip(streams.digit.pairs(count));
        for (((_, token), (_, dot)), (_, digit)) in words {
            // The last label of a token, not begun by a digit unless the set has such names. Adding its first bit
            // ripples to its end; a label that reaches a block's end goes on in the next.
            let after_dot = dot << 1 | carry.dot;
            carry.dot = dot >> 63;
            let inside = token & !dot;
            let begin = after_dot & inside & !(digit & no_label) | carry.name;
            let (ends, over) = inside.overflowing_add(begin);
            carry.name = u64::from(over);
            name_count = classes.places(ends & !token, at, &mut names.at, name_count);

            let mut dotted = after_dot & !token;
            while dotted != 0 {
                let place = at + dotted.trailing_zeros() as u16;
                dotted &= dotted - 1;
                let end = base - BIAS + usize::from(place);
                if buf[end - 2] == b'.' {
                    hidden::check_dots(set, buf, end, &mut out.places);
                } else {
                    names.at[name_count] = place - 1;
                    name_count += 1;
                }
            }
            at += 64;
        }
        let mut token_count = 0;
        if asked.is_some_and(|asked| asked.lengths != 0) {
            let mut at = BIAS as u16;
            let steps = asked.map_or(0, |asked| asked.steps);
            for token in streams.token.pairs(count) {
                let ends = later(long_runs(token, steps), 1) & !token.1;
                token_count = classes.places(ends, at, &mut tokens.at, token_count);
                at += 64;
            }
        }
        streams.join_borders(count);
        let (mut v4_count, mut v6_count) = (0, 0);
        if has_addresses {
            streams.link_numbers(count, no_tens);
            let mut at = BIAS as u16;
            for (_, dots) in streams.numbers[3].pairs(count) {
                v4_count = classes.places(dots, at, &mut v4.at, v4_count);
                at += 64;
            }
            streams.link_groups(count);
            let mut at = BIAS as u16;
            let words = streams.groups[2]
                .pairs(count)
                .zip(streams.group.pairs(count));
            for ((_, colons), (_, group)) in words {
                let begin = colons | carry.group;
                if begin != 0 {
                    // Several colons in one run still overflow it only once.
                    let (ends, over) = group.overflowing_add(begin);
                    carry.group = u64::from(over);
                    v6_count = classes.places(ends & !group, at, &mut v6.at, v6_count);
                }
                at += 64;
            }
        }

        let part = Part {
            set,
            endpoints: search.endpoints,
            buf,
            zero: base - BIAS,
            text: &buf[base - BIAS - LOOK..],
            streams,
        };
        part.names(
            classes,
            &filters,
            (names, name_count),
            trust,
            &mut out.places,
        );
        if let Some(asked) = asked {
            part.asked_tokens(asked, tokens, token_count, &mut out.asked);
            v4_count = part.asked_v4(asked, (v4, v4_count), tokens, out);
            part.asked_v6(asked, &v6.at[..v6_count], out);
        }
        if has_endpoints {
            part.v4(classes, &filters, v4, v4_count, &mut out.places);
            part.v6(&filters, &v6.at[..v6_count], &mut out.places);
        }
        streams.each(|stream| stream.advance(count));
        first += count;
    }
    out.has_high |= hidden.has_high;
    out.has_controls |= hidden.has_colours;
    if out.has_controls {
        hidden.titles(len, &mut out.places);
    }
}

impl Streams {
    fn each(&mut self, mut act: impl FnMut(&mut Stream)) {
        let Self {
            token,
            dot,
            border,
            digit,
            group,
            colon,
            ten,
            numbers,
            groups,
        } = self;
        for stream in [token, dot, border, digit, group, colon, ten] {
            act(stream);
        }
        numbers.iter_mut().chain(groups).for_each(act);
    }

    #[inline(always)]
    fn join_borders(&mut self, count: usize) {
        let words = self.dot.pairs(count).zip(self.token.pairs(count));
        for (out, (dot, token)) in self.border.words(count).iter_mut().zip(words) {
            *out = (dot.1 | !token.1).to_le_bytes();
        }
    }

    /// Marks in `numbers[3]` each dot with two dots before it and room for one to three digits between: the third
    /// dot of an address is one of these. The first is no dot of `10.` where `no_tens` has all bits set.
    #[inline(always)]
    fn link_numbers(&mut self, count: usize, no_tens: u64) {
        let [marks, firsts, seconds, thirds] = &mut self.numbers;
        let words = self.dot.pairs(count).zip(self.digit.pairs(count));
        let words = words.zip(self.ten.pairs(count));
        let out = marks.words(count).iter_mut().zip(firsts.words(count));
        for ((mark, first), ((dot, digit), ten)) in out.zip(words) {
            let bits = dot.1 & later(digit, 1);
            let is_ten = later(ten, 1) & later(digit, 2) & !later(digit, 3) & no_tens;
            *mark = bits.to_le_bytes();
            *first = (bits & !is_ten).to_le_bytes();
        }
        let near = |pair| later(pair, 2) | later(pair, 3) | later(pair, 4);
        link(marks, firsts, seconds, count, near);
        link(marks, seconds, thirds, count, near);
    }

    /// Marks in `groups[2]` each colon behind a colon, and each with two before it and room for one to four
    /// digits between. An IPv6 address has two colons together, or six and more, of which the third is one of
    /// these; a time has two.
    #[inline(always)]
    fn link_groups(&mut self, count: usize) {
        let [marks, seconds, thirds] = &mut self.groups;
        let words = self.colon.pairs(count).zip(self.group.pairs(count));
        for (out, (colon, group)) in marks.words(count).iter_mut().zip(words) {
            *out = (colon.1 & later(group, 1)).to_le_bytes();
        }
        let near = |pair| later(pair, 2) | later(pair, 3) | later(pair, 4) | later(pair, 5);
        link(marks, marks, seconds, count, near);
        link(marks, seconds, thirds, count, near);
        for (out, colon) in thirds.words(count).iter_mut().zip(self.colon.pairs(count)) {
            *out = (u64::from_le_bytes(*out) | colon.1 & later(colon, 1)).to_le_bytes();
        }
    }
}

/// The bits with at least 2^`steps` - 1 others before them, in one run; the lowest bits of the first word may lack.
#[inline(always)]
fn long_runs((mut before, mut this): (u64, u64), steps: u32) -> (u64, u64) {
    for step in 0..steps {
        this &= later((before, this), 1 << step);
        before &= before << (1 << step);
    }
    (before, this)
}

/// Keeps the marks that have one of `others` near before them.
#[inline(always)]
fn link(
    marks: &Stream,
    others: &Stream,
    to: &mut Stream,
    count: usize,
    near: impl Fn((u64, u64)) -> u64,
) {
    let pairs = marks.pairs(count).zip(others.pairs(count));
    for (out, ((_, mark), other)) in to.words(count).iter_mut().zip(pairs) {
        *out = (mark & near(other)).to_le_bytes();
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
