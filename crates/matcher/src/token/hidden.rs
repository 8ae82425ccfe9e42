//! Bytes that hide a name: what is not ASCII, escapes, length-prefixed names.
//!
//! A word is read as it may be meant, and looked for in the list: most words have no full stop and are no name.
use memchr::memmem;

use super::spelling::{Escape, Word, escape, is_plain, is_word, piece};
use crate::canonical::address::{self, Address};
use crate::canonical::{marks, names};
use crate::raw::Classes;
use crate::reader::colours;
use crate::set::Set;
use crate::set::asked::Asked;

/// Bytes of a length-prefixed name, and of a word; of a longer one phase 2 decides (RFC 1035 2.3.4 allows 255).
const LONGEST: usize = 512;
/// Dots and digits of an IPv4 address, at least.
const FEWEST: (usize, usize) = (3, 4);
/// Colons of an IPv6 address that has no two together.
const COLONS: usize = 6;

/// The search for hidden names in one chunk.
pub(super) struct Hidden<'a> {
    set: &'a Set,
    asked: Option<&'a Asked>,
    buf: &'a [u8],
    /// Where the chunk begins in `buf`.
    from: usize,
    /// Where the last word ended that was looked at.
    until: usize,
    /// Whether there are bytes outside ASCII.
    pub has_high: bool,
    /// Whether a colour may begin that is spelled as text.
    pub has_colours: bool,
}

impl<'a> Hidden<'a> {
    pub fn new(set: &'a Set, asked: Option<&'a Asked>, buf: &'a [u8], from: usize) -> Self {
        Hidden {
            set,
            asked,
            buf,
            from,
            until: from,
            has_high: false,
            has_colours: false,
        }
    }

    /// Keeps the places of words that may hide something listed, of the block at `at` with these bits of tokens, dots and
    /// colons: words with bytes outside ASCII or with escapes, what stands behind an escape (`\tevil.example`), and
    /// length-prefixed names.
    #[inline(never)]
    pub fn check<C: Classes>(
        &mut self,
        classes: C,
        at: usize,
        [token, dot, colon]: [u64; 3],
        places: &mut Vec<u32>,
    ) {
        let buf = self.buf;
        let block: &[u8; 64] = buf[at..at + 64].try_into().expect("64 bytes");
        let (odd, high) = classes.hidden(block);
        let mut bits = odd;
        if high != 0 {
            self.has_high = true;
            let (before, behind) = (buf[at - 1], buf[at + 64]);
            let beside = |bits: u64, is_in: fn(u8) -> bool| {
                let edges = u64::from(is_in(before)) | u64::from(is_in(behind)) << 63;
                (bits << 1 | edges, bits >> 1 | edges)
            };
            let word = token | high;
            let (behind_word, before_word) = beside(word, is_word);
            let leads = wide_leads(block);
            // Of other words none has a full stop, a colon beside it or an escape.
            let (behind_sign, before_sign) =
                beside(odd | colon, |b| is_word(b) || b":\\".contains(&b));
            let seeds = dot & behind_word & before_word | leads | behind_sign | before_sign;
            let (behind_token, before_token) = beside(token, address::is_token);
            let (behind_colon, before_colon) = beside(colon, |b| b == b':');
            // A name without any byte of ASCII has full stops of other scripts; what nobody sees may part two colons.
            let edges = behind_token | before_token | behind_colon | before_colon | leads;
            bits |= high & edges & flooded(word, seeds & word);
        }
        while bits != 0 {
            let place = at + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if matches!(
                (buf[place], buf[place + 1]),
                (b'#', b'2'..=b'9') | (b'#' | b'^', b' ')
            ) {
                continue;
            }
            self.has_colours |= colours::may_begin(&buf[place..]);
            if place >= self.until && self.hides(place) {
                places.push(place as u32);
            }
        }
    }

    fn hides(&mut self, place: usize) -> bool {
        match self.buf[place] {
            b'#' | b'^' => colours::may_begin_title(&self.buf[place..]),
            b'(' => prefixed(self.set, &self.buf[place..]),
            b'\\' if colours::may_begin_title(&self.buf[place..]) => true,
            b'\\' => match escape(&self.buf[place..]) {
                Escape::None => false,
                Escape::Parts(size) => self.is_in_colour(place) || self.follows(place + size),
                Escape::Spells => true,
                Escape::Joins(..) => self.word(place),
            },
            _ => self.word(place),
        }
    }

    /// Adds the places of titles in the chunk: an escape in one may hide where it ends.
    #[cold]
    pub fn titles(&self, len: usize, places: &mut Vec<u32>) {
        let text = &self.buf[self.from..self.from + len];
        let found = memmem::find_iter(text, b"\x1B]");
        places.extend(found.map(|at| (self.from + at) as u32));
    }

    /// Whether this escape may spell a sign among the parameters of a colour, such as `;`.
    fn is_in_colour(&self, place: usize) -> bool {
        let is_in =
            |b: u8| (b'0'..=b'?').contains(&b) || b.is_ascii_hexdigit() || b"\\uU".contains(&b);
        self.buf[place..].starts_with(b"\\u003")
            && self
                .begin(place, is_in)
                .is_none_or(|start| self.buf[start - 1] == b'[')
    }

    /// Where the run of such bytes begins that ends before `place`; None where it is too long.
    #[inline(always)]
    fn begin(&self, place: usize, is_in: impl Fn(u8) -> bool) -> Option<usize> {
        let least = self.from.max(place - LONGEST.min(place));
        let run = self.buf[least..place].iter().rev();
        let start = place - run.take_while(|&&b| is_in(b)).count();
        (start > least || least == self.from).then_some(start)
    }

    /// Where the word begins that ends before `place`: marks part words.
    fn begin_of_word(&self, place: usize) -> Option<usize> {
        let start = self.begin(place, is_word)?;
        let mut places = (start..place).rev();
        let behind = places.find_map(|i| (self.buf[i] >= 0xC0).then(|| self.behind_mark(i))?);
        Some(behind.unwrap_or(start))
    }

    /// Where the mark ends that this byte is of; None where it is of none, or of one that phase 2 may read as a colon.
    fn behind_mark(&self, place: usize) -> Option<usize> {
        let mut starts = (place - 2..=place).rev();
        let start = starts.find(|&i| self.buf[i] >= 0xC0)?;
        let end = start + marks::size(&self.buf[start..]);
        (end > place && piece(&self.buf[start..]).is_none()).then_some(end)
    }

    /// Whether this may be a listed name or an address, or a machine that is asked about.
    fn may_be(&self, text: &[u8]) -> bool {
        let text = names::trim_dots(text);
        let named = |asked: &Asked| asked.find_host(text).or_else(|| asked.find_mac(text));
        if !text.is_empty() && self.asked.and_then(named).is_some() {
            return true;
        }
        let dots = text.iter().filter(|&&b| b == b'.').count();
        if dots == 0 {
            return false;
        }
        if let Some(bits) = address::parse_v4(text) {
            return self.asked.is_some() || self.set.lists_address(Address::from_v4(bits));
        }
        let digits = || text.iter().filter(|b| b.is_ascii_digit()).count();
        if dots >= FEWEST.0 && digits() >= FEWEST.1 || text.len() > LONGEST {
            return true;
        }
        let mut name = [0u8; LONGEST + 2];
        let stop = 1 + text.len();
        name[1..stop].copy_from_slice(text);
        self.set.covers_name_ending_at(&name, stop)
    }

    /// Whether something listed, or a machine that is asked about, may begin at this place behind an escape, or with the
    /// letters of that escape.
    fn follows(&mut self, place: usize) -> bool {
        let text = &self.buf[place..];
        let group = |b: &&u8| b.is_ascii_hexdigit() || **b == b':';
        let groups = text.iter().take(LONGEST).take_while(group).count();
        if may_be_v6(&text[..groups]) {
            return true;
        }
        let word = Word::new(text, LONGEST);
        if word.size >= LONGEST || word.is_unsure && word.has_dot {
            return true;
        }
        let as_it_is = &text[..word.size];
        if as_it_is.iter().all(|&b| address::is_token(b)) {
            return self.may_be(as_it_is);
        }
        self.until = place + word.size;
        if self.is_of_v6(place, place) {
            return true;
        }
        let Some(start) = self.begin(place, is_word) else {
            return true;
        };
        let spelled = word.text(text);
        let whole = [&self.buf[start..place], &spelled].concat();
        let mut readings = [&spelled[..], &whole].into_iter();
        readings.any(|text| self.may_be(&names::name(names::trim_dots(text))))
    }

    /// Whether the word around a byte outside ASCII, or around an escape, may hide something listed. All of a word is
    /// looked at once.
    fn word(&mut self, place: usize) -> bool {
        if let Some(is_found) = self.plain_word(place) {
            return is_found;
        }
        let buf = self.buf;
        if let Some(behind) = self.behind_mark(place) {
            self.until = behind;
            return false;
        }
        let is_slash = |b| b == b'\\' && buf[place] == b'\\';
        let start = self.begin(place, is_slash);
        let Some(start) = start.and_then(|start| self.begin_of_word(start)) else {
            return true;
        };
        let word = Word::new(&buf[start..], LONGEST);
        self.until = start + word.size;
        // Behind a backslash the first letters may be those of an escape.
        let is_escaped = buf[start - 1] == b'\\' && escape(&buf[start - 1..]) != Escape::None;
        let is_unsure = word.is_unsure || is_escaped;
        if self.until <= place || word.size >= LONGEST || is_unsure && word.has_dot {
            return true;
        }
        if self.is_of_v6(start, place) {
            return true;
        }
        word.has_dot && {
            let text = word.text(&buf[start..]);
            self.may_be(&names::name(names::trim_dots(&text)))
        }
    }

    /// The same of a word without full stops and escapes: nearly all are. None where it is another.
    #[inline(always)]
    fn plain_word(&mut self, place: usize) -> Option<bool> {
        let start = self.begin(place, is_plain)?;
        let after = self.buf[place..].iter().take(LONGEST);
        let end = place + after.take_while(|&&b| is_plain(b)).count();
        let is_begun = start == self.from || !is_word(self.buf[start - 1]);
        let is_ended = !is_word(self.buf[end]) && self.buf[end] != b'\\';
        if !is_begun || !is_ended || end == place {
            return None;
        }
        self.until = end;
        Some(self.is_of_v6(start, place))
    }

    /// Whether the word that begins at `start` and ends at `until` may be a part of an IPv6 address.
    fn is_of_v6(&self, start: usize, place: usize) -> bool {
        let is_beside = self.buf[start - 1] == b':' || self.buf[self.until] == b':';
        is_beside && self.is_in_v6(place)
    }

    /// Whether the run around this place may be an IPv6 address.
    fn is_in_v6(&self, place: usize) -> bool {
        let is_group = |b: u8| b.is_ascii_hexdigit() || b":.\\".contains(&b) || b >= 0x80;
        let buf = self.buf;
        let Some(start) = self.begin(place, is_group) else {
            return true;
        };
        let (mut at, mut colons, mut is_behind_digit) = (start, 0, true);
        while at - start < LONGEST {
            let b = buf[at];
            if b == b':' {
                if !is_behind_digit {
                    return true;
                }
                (colons, is_behind_digit) = (colons + 1, false);
            } else if b.is_ascii_hexdigit() {
                is_behind_digit = true;
            }
            let size = if at < place || b == b':' {
                Some(1)
            } else {
                is_group(b)
                    .then(|| piece(&buf[at..]))
                    .flatten()
                    .map(|(_, size)| size)
            };
            match size {
                Some(size) => at += size,
                None => return colons >= COLONS,
            }
        }
        true
    }
}

/// Bytes that begin a full stop or a colon of another script.
fn wide_leads(block: &[u8; 64]) -> u64 {
    let is_lead = |b: u8| u8::from(b == 0xE3) | u8::from(b == 0xEF);
    // Few texts have any.
    if block.iter().fold(0, |any, &b| any | is_lead(b)) == 0 {
        return 0;
    }
    let bits = block.iter().enumerate();
    bits.fold(0, |bits, (i, &b)| bits | u64::from(is_lead(b)) << i)
}

/// The runs of bits that have one of these seeds.
pub(super) fn flooded(runs: u64, seeds: u64) -> u64 {
    let up = |runs: u64, seeds: u64| runs & (runs.wrapping_add(seeds) ^ runs | seeds);
    up(runs, seeds) | up(runs.reverse_bits(), seeds.reverse_bits()).reverse_bits()
}

fn may_be_v6(groups: &[u8]) -> bool {
    groups.windows(2).any(|two| two == b"::")
        || groups.iter().filter(|&&b| b == b':').count() >= COLONS
}

/// Checks the name before several dots that end here.
#[cold]
pub(super) fn check_dots(set: &Set, buf: &[u8], end: usize, places: &mut Vec<u32>) {
    let last = buf[..end].iter().rposition(|&b| b != b'.');
    if let Some(last) = last
        && set.covers_name_ending_at(buf, last + 1)
    {
        places.push(last as u32);
    }
}

/// Whether a length-prefixed name begins here that is listed, or that only phase 2 can read.
fn prefixed(set: &Set, bytes: &[u8]) -> bool {
    // What stands before a name is no part of it.
    let mut name = [0u8; LONGEST];
    let (mut len, mut at) = (1, 0);
    while let Some(start) = length(bytes, at) {
        let body = &bytes[start..];
        let end = body
            .iter()
            .position(|&b| !address::is_token(b))
            .unwrap_or(body.len());
        if body.get(end) != Some(&b'(') || len + end + 1 >= LONGEST {
            // An odd byte, or too long: phase 2 knows. Anything else ends no such name.
            return len + end + 1 >= LONGEST || body.get(end).is_some_and(|&b| !ends(b));
        }
        if end == 0 {
            return false;
        }
        if len > 1 {
            name[len] = b'.';
            len += 1;
        }
        name[len..len + end].copy_from_slice(&body[..end]);
        len += end;
        at = start + end;
    }
    len > 1 && bytes[at..].starts_with(b"(0)") && set.covers_name_ending_at(&name, len)
}

/// Where the label behind `(n)` begins; the root's `(0)` has none.
fn length(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = bytes[at + 1..]
        .iter()
        .take(2)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let zero = bytes[at + 1..at + 1 + digits].iter().all(|&b| b == b'0');
    (bytes[at] == b'(' && !zero && bytes[at + 1 + digits] == b')').then_some(at + digits + 2)
}

/// Bytes that end a label in all readings.
fn ends(b: u8) -> bool {
    b == b')' || b == b'(' || b == 0 || b.is_ascii_whitespace()
}
