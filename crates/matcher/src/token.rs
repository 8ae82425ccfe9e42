//! Phase 1: finds the places of a chunk where a listed name or address may stand.
//!
//! It may name too many lines, never too few: phase 2 parses each line named here and decides. Every byte goes
//! through `Classes::masks`; carries between 64-byte blocks replace any look-ahead.
use crate::address;
use crate::hash::{self, Filter, tail16, tail32};
use crate::names;
use crate::raw::Classes;
use crate::set::{Filters, Set};

/// Bytes that stand before a chunk's data, so that looking back never leaves the buffer.
pub const FRONT: usize = 64;
/// Zero bytes after it.
pub const BACK: usize = 128;
/// Bytes handled between two looks at the tables.
const BLOCK: usize = 32 * 1024;
const WORDS: usize = BLOCK / 64;
/// Room for the positions of one block, and a store of 64 beyond them.
const POSITIONS: usize = BLOCK + 128;

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
    token: [u64; WORDS + 2],
    dot: [u64; WORDS + 2],
    names: Vec<u32>,
    v4: Vec<u32>,
    v6: Vec<u32>,
    joints: Vec<u32>,
    odd: Vec<u32>,
    kept: Vec<u32>,
    hashes: Vec<u64>,
}

impl Default for Scratch {
    fn default() -> Self {
        let positions = || vec![0; POSITIONS];
        Self {
            token: [0; WORDS + 2],
            dot: [0; WORDS + 2],
            names: positions(),
            v4: positions(),
            v6: positions(),
            joints: positions(),
            odd: positions(),
            kept: positions(),
            hashes: vec![0; POSITIONS],
        }
    }
}

/// The 64 bits before place `at` of the block that starts at `base`, the nearest as the highest.
/// `words` begins two words before the block.
#[inline(always)]
fn window(words: &[u64; WORDS + 2], at: usize, base: usize) -> u64 {
    let at = at + 128 - base;
    let (i, s) = (at >> 6, at & 63);
    words[i] << (63 - s) << 1 | words[i - 1] >> s
}

/// Clears the highest set bit.
#[inline(always)]
fn drop_top(w: u64) -> u64 {
    w & !(1u64 << 63).unbounded_shr(w.leading_zeros())
}

/// Keeps the first `n` places whose hash the filter knows, each with its hash, and says how many remain.
#[inline(always)]
fn keep(filter: Filter<'_>, places: &mut [u32], hashes: &mut [u64], n: usize) -> usize {
    let mut kept = 0;
    for i in 0..n {
        let h = hashes[i];
        places[kept] = places[i];
        hashes[kept] = h;
        kept += usize::from(filter.has(h));
    }
    kept
}

/// Bits carried from one 64-byte block to the next.
#[derive(Default)]
struct Carry {
    dot: u64,
    name: bool,
    v4: bool,
    dots: [u64; 2],
    third: u64,
    colons: [u64; 3],
    word: u64,
    lead: u64,
    digit: u64,
    tail: u64,
    token: u64,
    high: u64,
}

#[inline(always)]
fn add(a: u64, b: u64, carry: &mut bool) -> u64 {
    let (sum, over) = a.overflowing_add(b);
    let (sum, again) = sum.overflowing_add(u64::from(*carry));
    *carry = over | again;
    sum
}

/// Finds candidates with the classes of one instruction set.
#[inline(always)]
pub fn find<C: Classes>(classes: C, search: &mut Search<'_>, out: &mut Candidates) {
    let (set, buf, from, len) = (search.set, search.buf, search.from, search.len);
    let filters = set.filters();
    let s = &mut *search.scratch;
    let any_label = if set.letter_labels_only() {
        0
    } else {
        u64::MAX
    };
    let has_v4 = set.has_addresses();
    let mut carry = Carry::default();
    s.token[..2].fill(0);
    s.dot[..2].fill(0);
    // One block more than the data, so that a token at the very end is closed by the zeros after it.
    let blocks = len / 64 + 1;
    let mut first = 0;
    while first < blocks {
        let count = (blocks - first).min(WORDS);
        let base = from + first * 64;
        let (mut names, mut v4, mut v6, mut joints, mut odd) = (0, 0, 0, 0, 0);
        let (data, _) = buf[base..base + count * 64].as_chunks::<64>();
        for (k, block) in data.iter().enumerate() {
            let m = classes.masks(block);
            let at = (base + k * 64) as u32;
            s.token[k + 2] = m.token;
            s.dot[k + 2] = m.dot;
            out.newlines += u64::from(m.newline.count_ones());
            let inside = m.token & !m.dot;

            // Names: the last label of a token, begun by a letter. Adding its first bit ripples to its end.
            let after_dot = m.dot << 1 | carry.dot;
            carry.dot = m.dot >> 63;
            let begin = inside & (m.letter | any_label) & after_dot;
            let ends = add(inside, begin, &mut carry.name);
            names = classes.positions((ends | after_dot) & !m.token, at, &mut s.names, names);

            if has_v4 {
                // IPv4: a third dot at most four bytes after the second, that after the first.
                let x = m.dot & (m.dot << 2 | m.dot << 3 | m.dot << 4 | carry.dots[0]);
                carry.dots[0] = m.dot >> 62 | m.dot >> 61 | m.dot >> 60;
                let y = x & (x << 2 | x << 3 | x << 4 | carry.dots[1]);
                carry.dots[1] = x >> 62 | x >> 61 | x >> 60;
                let begin = inside & !m.letter & (y << 1 | carry.third);
                carry.third = y >> 63;
                let ends = add(inside, begin, &mut carry.v4);
                v4 = classes.positions(ends & !m.token, at, &mut s.v4, v4);

                // In free text an address may have a dot or hyphen beside it that joins it to nothing.
                let joint = m.dot | m.hyphen;
                let word = m.token & !joint;
                let digit = word & !m.letter;
                let lead = joint & !(word << 1 | carry.word);
                let tail = joint & (digit << 1 | carry.digit);
                let beside = (lead << 1 | carry.lead) & digit | (tail << 1 | carry.tail) & !word;
                carry.word = word >> 63;
                carry.lead = lead >> 63;
                carry.digit = digit >> 63;
                carry.tail = tail >> 63;
                if beside != 0 {
                    joints = classes.positions(beside, at, &mut s.joints, joints);
                }

                // IPv6: two colons together, or a third colon with one to four bytes between each.
                let c = m.colon;
                let joined = c & (c << 1 | carry.colons[0]);
                carry.colons[0] = c >> 63;
                let x = c & (c << 2 | c << 3 | c << 4 | c << 5 | carry.colons[1]);
                carry.colons[1] = c >> 62 | c >> 61 | c >> 60 | c >> 59;
                let y = x & (x << 2 | x << 3 | x << 4 | x << 5 | carry.colons[2]);
                carry.colons[2] = x >> 62 | x >> 61 | x >> 60 | x >> 59;
                let found = joined | y;
                if found != 0 {
                    v6 = classes.positions(found, at, &mut s.v6, v6);
                }
            }

            let touching =
                m.high & (m.token << 1 | carry.token) | m.token & (m.high << 1 | carry.high);
            carry.token = m.token >> 63;
            carry.high = m.high >> 63;
            if m.high != 0 {
                wide_dots(buf, at, m.high, &mut out.places);
            }
            let strange = m.odd | touching;
            if strange != 0 {
                odd = classes.positions(strange, at, &mut s.odd, odd);
            }
        }

        let Scratch {
            token,
            dot,
            names: name_ends,
            v4: v4_ends,
            v6: v6_colons,
            joints: beside,
            odd: odd_bytes,
            kept,
            hashes,
        } = &mut *s;
        // Slices, whose places the compiler keeps in registers.
        let (kept, hashes) = (&mut kept[..POSITIONS], &mut hashes[..POSITIONS]);
        // Names: the filter on the last two labels, then one on three, then the table.
        let mut n = 0;
        for &end in &name_ends[..names] {
            let mut end = end as usize;
            let mut dots = window(dot, end, base);
            let mut tokens = window(token, end, base);
            if dots >> 63 == 1 {
                end -= (!dots).leading_zeros() as usize;
                if end + 64 < base || buf[end - 1] == b'.' {
                    // More dots than the window holds: left to phase 2.
                    out.places.push(end as u32);
                    continue;
                }
                dots = window(dot, end, base);
                tokens = window(token, end, base);
            }
            let two = (drop_top(dots) | !tokens).leading_zeros() as usize;
            let h = tail16(buf, end, two);
            classes.prefetch(filters.two_labels.word(h));
            kept[n] = end as u32;
            hashes[n] = h;
            n += 1;
        }
        let n = keep(filters.two_labels, kept, hashes, n);
        for &end in &kept[..n] {
            let end = end as usize;
            let dots = drop_top(window(dot, end, base));
            let outside = !window(token, end, base);
            let two = (dots | outside).leading_zeros() as usize;
            let three = (drop_top(dots) | outside).leading_zeros() as usize;
            let pass = filters.three_labels.has(!tail32(buf, end, two))
                || filters.three_labels.has(tail32(buf, end, three));
            if pass && set.covers_name_ending_at(buf, end) {
                out.places.push(end as u32 - 1);
            }
        }

        // IPv4: the filter on the text before the last dot, those on the whole text and on networks, then a
        // strict reading. An address has one spelling only.
        if has_v4 {
            let mut n = 0;
            for &end in &v4_ends[..v4] {
                let at = end as usize;
                let last_dot = window(dot, at, base).leading_zeros() as usize;
                let long = (!window(token, at, base)).leading_zeros() as usize;
                let head = long.wrapping_sub(last_dot + 1).min(16);
                let h = tail16(buf, at - (last_dot & 15) - 1, head);
                kept[n] = end;
                hashes[n] = h;
                n += usize::from(long <= 15);
            }
            let n = keep(filters.v4_heads, kept, hashes, n);
            for (&end, &head) in kept[..n].iter().zip(&hashes[..n]) {
                let at = end as usize;
                let long = (!window(token, at, base)).leading_zeros() as usize;
                if filters.v4_texts.has(tail16(buf, at, long)) || filters.v4_nets.has(head) {
                    check_v4(set, buf, at, &mut out.places);
                }
            }
            check_joints(set, buf, &beside[..joints], &mut out.places);
            check_v6(set, &filters, buf, &v6_colons[..v6], &mut out.places);
        }
        check_odd(buf, &odd_bytes[..odd], &mut out.places);

        s.token.copy_within(count..count + 2, 0);
        s.dot.copy_within(count..count + 2, 0);
        first += count;
    }
}

/// Reads the token that ends at `end` as IPv4 and keeps its place if it is listed.
fn check_v4(set: &Set, buf: &[u8], end: usize, places: &mut Vec<u32>) {
    let tail = &buf[end - 17..end];
    let start = tail
        .iter()
        .rposition(|&b| !address::is_token(b))
        .map_or(0, |i| i + 1);
    if let Some(bits) = address::parse_v4(&tail[start..])
        && set.lists_v4(bits)
    {
        places.push(end as u32 - 1);
    }
}

/// Reads the addresses that begin behind, or end before, a dot or hyphen that joins them to nothing.
fn check_joints(set: &Set, buf: &[u8], beside: &[u32], places: &mut Vec<u32>) {
    let part = |b: &u8| b.is_ascii_digit() || *b == b'.';
    for &at in beside {
        let at = at as usize;
        let ahead = buf[at..at + 17].iter().take_while(|b| part(b)).count();
        let behind = buf[at - 18..at - 1]
            .iter()
            .rev()
            .take_while(|b| part(b))
            .count();
        for spelled in [&buf[at..at + ahead], &buf[at - 1 - behind..at - 1]] {
            if let Some(bits) = address::parse_v4(names::trim_dots(spelled))
                && set.lists_v4(bits)
            {
                places.push(at as u32);
            }
        }
    }
}

/// Keeps full stops of other scripts: a name may have no ASCII byte at all.
#[cold]
fn wide_dots(buf: &[u8], at: u32, high: u64, places: &mut Vec<u32>) {
    for i in (0..64).filter(|i| high >> i & 1 == 1) {
        if names::is_wide_dot(&buf[at as usize + i..]) {
            places.push(at + i as u32);
        }
    }
}

/// Looks at each run of hexadecimal digits, colons and dots around a colon: the filter on the first 32 bits,
/// then a strict reading. A run that is no address as it stands, but might hold one, is kept for phase 2.
fn check_v6(set: &Set, filters: &Filters<'_>, buf: &[u8], colons: &[u32], places: &mut Vec<u32>) {
    let mut before = 0;
    for &colon in colons {
        let colon = colon as usize;
        let floor = before.max(colon - FRONT);
        let mut start = colon;
        while start > floor && V6_PART[buf[start - 1] as usize] {
            start -= 1;
        }
        let same_run = start == before;
        before = colon;
        if same_run
            || !head_of_v6(&buf[start..start + 16])
                .is_none_or(|head| filters.v6_heads.has(head_key(head)))
        {
            continue;
        }
        let right = buf[colon..colon + FRONT]
            .iter()
            .position(|&b| !V6_PART[b as usize] && b != b'.');
        let run = &buf[start..colon + right.unwrap_or(FRONT)];
        let listed = match address::parse_bare(run) {
            Some(address) => set.lists_address(address),
            None => {
                let colons = run.iter().filter(|&&b| b == b':').count();
                let joined = run.windows(2).any(|w| w == b"::");
                joined || (colons >= 6 && run.len() <= 48)
            }
        };
        if listed {
            places.push(colon as u32);
        }
    }
}

/// Bytes of IPv6 text but for the dots of an IPv4 end.
static V6_PART: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = (i as u8).is_ascii_hexdigit() || i as u8 == b':';
        i += 1;
    }
    table
};

/// The key of an address's first 32 bits in the filter.
pub(crate) fn head_key(head: u32) -> u64 {
    hash::address(u128::from(head))
}

/// The first 32 bits of the IPv6 address whose text begins here; None where the text begins oddly.
#[inline(always)]
fn head_of_v6(text: &[u8]) -> Option<u32> {
    let mut head = 0;
    let mut at = 0;
    for group in 0..2 {
        let mut value = 0;
        let begin = at;
        loop {
            let digit = match text[at] {
                b @ b'0'..=b'9' => b - b'0',
                b @ (b'a'..=b'f' | b'A'..=b'F') => (b | 0x20) - b'a' + 10,
                _ => break,
            };
            value = value << 4 | u32::from(digit);
            at += 1;
            if at - begin > 4 {
                return None;
            }
        }
        if at == begin {
            // `::` stands for zeros; a single colon at the start is no address.
            return if group == 1 {
                Some(head)
            } else {
                (text[1] == b':').then_some(0)
            };
        }
        if text[at] != b':' {
            return None;
        }
        head |= value << (16 * (1 - group));
        at += 1;
    }
    Some(head)
}

/// Keeps bytes outside ASCII that touch a token, `\u` and `\x` escapes, an escape whose letter touches a token
/// (`\tevil.example`), and length-prefixed names.
fn check_odd(buf: &[u8], odd: &[u32], places: &mut Vec<u32>) {
    for &at in odd {
        let next = &buf[at as usize + 1..at as usize + 4];
        let keep = match buf[at as usize] {
            b'\\' => match next[0] {
                b'u' | b'x' => true,
                b'b' | b'f' | b'n' | b'r' | b't' => address::is_token(next[1]) || next[1] == b':',
                _ => false,
            },
            b'(' => {
                next[0].is_ascii_digit()
                    && (next[1] == b')' || (next[1].is_ascii_digit() && next[2] == b')'))
            }
            _ => true,
        };
        if keep {
            places.push(at);
        }
    }
}
