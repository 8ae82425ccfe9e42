//! Networks as disjoint sorted intervals: one binary search finds the longest prefix that holds an address.

/// An inclusive span of addresses and the item of the longest prefix that covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub first: u128,
    pub last: u128,
    pub item: u32,
}

/// Cuts nested networks into disjoint spans, the longest prefix winning.
///
/// Networks either nest or do not touch, so one stack of open networks is enough.
pub fn flatten(mut networks: Vec<Span>) -> Vec<Span> {
    networks.sort_by(|a, b| a.first.cmp(&b.first).then(b.last.cmp(&a.last)));
    let mut spans: Vec<Span> = Vec::with_capacity(networks.len());
    let mut open: Vec<Span> = Vec::new();
    let mut next = 0u128; // the first address not yet covered inside the innermost open network
    let mut push = |first: u128, last: u128, item: u32| {
        if first <= last {
            spans.push(Span { first, last, item });
        }
    };
    for network in networks {
        while let Some(top) = open.last().copied() {
            if top.last >= network.first {
                break;
            }
            push(next, top.last, top.item);
            next = top.last + 1;
            open.pop();
        }
        if let Some(top) = open.last()
            && next < network.first
        {
            push(next, network.first - 1, top.item);
        }
        next = network.first;
        open.push(network);
    }
    while let Some(top) = open.pop() {
        if next <= top.last {
            push(next, top.last, top.item);
            match top.last.checked_add(1) {
                Some(after) => next = after,
                None => break,
            }
        }
    }
    spans
}

/// Bytes of one span in a compiled set.
pub const SPAN: usize = 36;

pub fn to_bytes(spans: &[Span]) -> Vec<u8> {
    let mut out = Vec::with_capacity(spans.len() * SPAN);
    for s in spans {
        out.extend(s.first.to_le_bytes());
        out.extend(s.last.to_le_bytes());
        out.extend(s.item.to_le_bytes());
    }
    out
}

/// The IPv4 blocks of 16 bits that spans touch. Most addresses lie in other blocks and need no search.
#[derive(Debug)]
pub struct Blocks(Box<[u64; 1024]>);

impl Default for Blocks {
    fn default() -> Self {
        Blocks(Box::new([0; 1024]))
    }
}

impl Blocks {
    /// The blocks of spans that stand in order and do not overlap.
    pub fn of(spans: &[[u8; SPAN]]) -> Blocks {
        let mut found = Blocks::default();
        let block = |bytes: &[u8]| {
            let low = u32::from_le_bytes(bytes[..4].try_into().expect("four bytes"));
            low as usize >> 16
        };
        let mut done = 0;
        for span in spans {
            let last = block(&span[16..]);
            // No block is marked twice: damaged spans would take long.
            for at in block(span).max(done)..=last {
                found.0[at / 64] |= 1 << (at % 64);
            }
            done = done.max(last);
        }
        found
    }

    /// False: no span holds the address.
    #[inline(always)]
    pub fn may_hold(&self, bits: u32) -> bool {
        let at = bits as usize >> 16;
        self.0[at / 64] >> (at % 64) & 1 == 1
    }
}

/// The item of the longest network that holds `address`.
pub fn find(spans: &[[u8; SPAN]], address: u128) -> Option<u32> {
    let read = |s: &[u8; SPAN], at: usize| {
        u128::from_le_bytes(s[at..at + 16].try_into().expect("16 bytes"))
    };
    let after = spans.partition_point(|s| read(s, 0) <= address);
    let span = spans[..after].last()?;
    (address <= read(span, 16)).then(|| u32::from_le_bytes(span[32..].try_into().expect("4 bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(first: u128, bits: u32, item: u32) -> Span {
        let size = if bits == 0 {
            u128::MAX
        } else {
            (1u128 << (128 - bits)) - 1
        };
        Span {
            first: first & !size,
            last: first & !size | size,
            item,
        }
    }

    #[test]
    fn the_longest_prefix_wins_as_in_a_naive_search() {
        // A small linear congruential sequence makes networks that nest in many ways.
        let mut state = 7u64;
        let mut random = || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            state >> 33
        };
        for round in 0..200 {
            let mut networks: Vec<(u128, u32)> = (0..12)
                .map(|_| {
                    let bits = 120 + (random() % 9) as u32;
                    let size = (1u128 << (128 - bits)) - 1;
                    (u128::from(random() % 256) & !size, bits)
                })
                .collect();
            networks.sort_unstable();
            networks.dedup();
            let spans = flatten(
                networks
                    .iter()
                    .enumerate()
                    .map(|(i, &(a, b))| network(a, b, i as u32))
                    .collect(),
            );
            assert!(
                spans.windows(2).all(|w| w[0].last < w[1].first),
                "round {round}: spans overlap"
            );
            let bytes = to_bytes(&spans);
            let (spans, _) = bytes.as_chunks::<SPAN>();
            for address in 0..300u128 {
                let naive = networks
                    .iter()
                    .enumerate()
                    .filter(|&(_, &(a, b))| address & !((1u128 << (128 - b)) - 1) == a)
                    .max_by_key(|&(_, &(_, b))| b)
                    .map(|(i, _)| i as u32);
                assert_eq!(
                    find(spans, address),
                    naive,
                    "round {round}, address {address}"
                );
            }
        }
    }

    #[test]
    fn blocks_hold_what_the_spans_hold() {
        let mapped = |bits: u32| 0xFFFF_0000_0000 | u128::from(bits);
        let networks = [(0x0a01_0200, 120), (0x0a01_ff00, 122), (0x0a02_0000, 111)];
        let networks = networks.map(|(bits, length)| network(mapped(bits), length, 1));
        let bytes = to_bytes(&flatten(networks.to_vec()));
        let blocks = Blocks::of(bytes.as_chunks::<SPAN>().0);
        for block in 0..=u32::from(u16::MAX) {
            let want = (0x0a01..=0x0a03).contains(&block);
            assert_eq!(blocks.may_hold(block << 16 | 0x1234), want, "{block:x}");
        }
        assert!(!Blocks::of(&[]).may_hold(0));
    }

    #[test]
    fn the_whole_space_and_its_end_are_held() {
        let spans = flatten(vec![network(0, 0, 1), network(u128::MAX, 128, 2)]);
        let bytes = to_bytes(&spans);
        let (spans, _) = bytes.as_chunks::<SPAN>();
        assert_eq!(find(spans, 0), Some(1));
        assert_eq!(find(spans, u128::MAX), Some(2));
        assert_eq!(find(spans, u128::MAX - 1), Some(1));
    }
}
