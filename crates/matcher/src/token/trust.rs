//! Where names are listed one after another, not each needs a close look.

/// After so many names in a row that are listed, only every so many-th is looked at, until one is not: where nearly all
/// that the filters know is listed, phase 2 alone looks closely.
const TRUST: u32 = 16;

/// The number of names in a row that were listed, or trusted to be.
#[derive(Default)]
pub(super) struct Trust(u32);

impl Trust {
    #[inline(always)]
    pub(super) fn or(&mut self, look: impl FnOnce() -> bool) -> bool {
        let is_trusted = self.0 >= TRUST && !self.0.is_multiple_of(TRUST);
        let is_listed = is_trusted || look();
        self.0 = if is_listed { self.0.wrapping_add(1) } else { 0 };
        is_listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_all_are_listed_few_are_looked_at_until_one_is_not() {
        let mut trust = Trust::default();
        let mut looked_at = |listed: bool| {
            let mut looks = 0;
            for _ in 0..10 * TRUST {
                let told = trust.or(|| {
                    looks += 1;
                    listed
                });
                assert!(told || !listed);
            }
            looks
        };
        assert_eq!(looked_at(true), TRUST + 9);
        assert!(looked_at(false) > 9 * TRUST);
        assert_eq!(looked_at(false), 10 * TRUST);
        assert_eq!(looked_at(true), TRUST + 9);
    }
}
