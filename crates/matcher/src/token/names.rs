//! Names: the filter on the last two labels, then one on three, then the table.
use super::Part;
use super::streams::{Places, drop_top};
use crate::hash::{tail16, tail32};
use crate::raw::Classes;
use crate::set::{Filters, Set};

impl Part<'_> {
    /// Checks the names that end at the first `n` places.
    #[inline(always)]
    pub(super) fn names<C: Classes>(
        &self,
        classes: C,
        filters: &Filters<'_>,
        names: &mut Places,
        n: usize,
        places: &mut Vec<u32>,
    ) {
        let (dot, token) = (&self.streams.dot, &self.streams.token);
        for i in 0..n {
            let at = usize::from(names.at[i]);
            let two = (drop_top(dot.before(at)) | !token.before(at)).leading_zeros() as usize;
            let h = tail16(self.buf, self.zero + at, two);
            classes.prefetch(filters.two_labels.word(h));
            names.hashes[i] = h;
        }
        let n = names.keep(filters.two_labels, n);
        // Few remain, whose words lie far apart: all are asked for before the first is looked at.
        for &at in &names.at[..n] {
            for key in self.three_label_keys(at) {
                classes.prefetch(filters.three_labels.word(key));
            }
        }
        for &at in &names.at[..n] {
            let [two, three] = self.three_label_keys(at);
            let end = self.zero + usize::from(at);
            if filters.three_labels.has(two) | filters.three_labels.has(three)
                && self.set.covers_name_ending_at(self.buf, end)
            {
                places.push(end as u32 - 1);
            }
        }
    }

    /// The keys of the last two labels, as all there is of a listed name, and of the last three.
    #[inline(always)]
    fn three_label_keys(&self, at: u16) -> [u64; 2] {
        let at = usize::from(at);
        let dots = drop_top(self.streams.dot.before(at));
        let outside = !self.streams.token.before(at);
        let two = (dots | outside).leading_zeros() as usize;
        let three = (drop_top(dots) | outside).leading_zeros() as usize;
        let end = self.zero + at;
        [!tail32(self.buf, end, two), tail32(self.buf, end, three)]
    }
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
