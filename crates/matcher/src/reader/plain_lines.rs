//! What stands between the bytes of a line and its text: UTF-16, and colours (docs/log-formats.md 9).
use std::borrow::Cow;

use memchr::memchr;

use super::colours;
use super::utf16;

/// Makes text of whole lines; each keeps its length, by zeros at its end. False where nothing changed.
pub(crate) fn read_lines(lines: &mut [u8]) -> bool {
    let was_wide = utf16::read_lines(lines);
    colours::remove_from_lines(lines) || was_wide
}

/// The same for lines that belong to others.
pub(crate) fn with_lines_read(lines: &[u8]) -> Cow<'_, [u8]> {
    if memchr(0, lines).is_none() && !colours::stand_in(lines) {
        return Cow::Borrowed(lines);
    }
    let mut found = lines.to_vec();
    read_lines(&mut found);
    Cow::Owned(found)
}
