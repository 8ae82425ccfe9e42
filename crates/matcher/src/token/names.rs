//! Names: the filter on the last two labels, then one on three, then the table.
use super::trust::Trust;
use super::{LOOK, Part};
use crate::raw::Classes;
use crate::raw::streams::{Places, SEEN, drop_top};
use crate::set::Filters;
use crate::set::hash::{tail16, tail32};

impl Part<'_> {
    /// Checks the names that end at the first `n` places.
    #[inline(always)]
    pub(super) fn names<C: Classes>(
        &self,
        classes: C,
        filters: &Filters<'_>,
        (names, n): (&mut Places, usize),
        trust: &mut Trust,
        places: &mut Vec<u32>,
    ) {
        for (&at, hash) in names.at[..n].iter().zip(&mut names.hashes[..n]) {
            let two = drop_top(self.streams.border.before(at)).leading_zeros() as usize;
            *hash = tail16(self.text, LOOK + usize::from(at), two);
            classes.prefetch(filters.two_labels.word(*hash));
        }
        let n = names.keep(filters.two_labels, n);
        // Few places remain, and their words lie far apart: all are asked for before the first is read.
        for i in 0..n {
            let keys = self.three_label_keys(names.at[i]);
            for key in keys {
                classes.prefetch(filters.three_labels.word(key));
                classes.prefetch(filters.hosts.word(key));
            }
            [names.hashes[i], names.seconds[i]] = keys;
        }
        for i in 0..n {
            let (two, three) = (names.hashes[i], names.seconds[i]);
            let name = filters.three_labels.has(two) | filters.three_labels.has(three);
            let host = filters.hosts.has(two) | filters.hosts.has(three);
            if !(name | host) {
                continue;
            }
            let at = names.at[i];
            let end = self.zero + usize::from(at);
            let is_listed = trust.or(|| match self.plain_token(at) {
                Some(len) if !name => self.set.may_show_url_of(self.buf, end - len, end),
                _ => self.set.covers_name_ending_at(self.buf, end),
            });
            if is_listed {
                places.push(end as u32 - 1);
            }
        }
    }

    /// Bytes of the token that ends here, if it is short and no label of it is empty.
    #[inline(always)]
    fn plain_token(&self, at: u16) -> Option<usize> {
        let token = self.streams.token.before(at);
        let border = self.streams.border.before(at);
        let len = (!token).leading_zeros();
        // What stands before the token counts as a border, too. Of a token that fills all that is seen the shift
        // is by the width of the word; it is too long whatever comes out.
        let empty = border & border << 1 & !u64::MAX.wrapping_shr(len);
        (len < SEEN && empty == 0).then_some(len as usize)
    }

    /// The keys of the last two labels, as all there is of a listed name, and of the last three.
    #[inline(always)]
    fn three_label_keys(&self, at: u16) -> [u64; 2] {
        let borders = drop_top(self.streams.border.before(at));
        let outside = !self.streams.token.before(at);
        let two = borders.leading_zeros() as usize;
        let three = (drop_top(borders) | outside).leading_zeros() as usize;
        let end = LOOK + usize::from(at);
        [!tail32(self.text, end, two), tail32(self.text, end, three)]
    }
}
