//! The half of a day beside a clock: AM and PM, SA and CH, and the words of Vietnamese (docs/log-formats.md 6).
use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::line::expressions::{byte, expression};

/// The half of a day, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Morning,
    Afternoon,
    /// SA and CH: sáng and chiều.
    Sa,
    Ch,
    Sang,
    Trua,
    Chieu,
    Toi,
    Dem,
    /// A word that is a half of the day or another word: its marks are missing.
    NotSaid,
}

/// Spellings with marks (in the forms NFC and NFD) and without: `tới` is to, and `toi` may be either.
const WORDS: [(&str, Half); 15] = [
    ("sáng", Half::Sang),
    ("sa\u{301}ng", Half::Sang),
    ("trưa", Half::Trua),
    ("tru\u{31b}a", Half::Trua),
    ("trua", Half::Trua),
    ("chiều", Half::Chieu),
    ("chie\u{302}\u{300}u", Half::Chieu),
    ("chieu", Half::Chieu),
    ("tối", Half::Toi),
    ("to\u{302}\u{301}i", Half::Toi),
    ("đêm", Half::Dem),
    ("đe\u{302}m", Half::Dem),
    ("sang", Half::NotSaid),
    ("toi", Half::NotSaid),
    ("dem", Half::NotSaid),
];

/// Before or after noon: AM and PM, or sáng and chiều; a no-break space may stand before it, or a cell end.
static HALF: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r#"\A(?:(?: |[\x80-\xFF]|(?P<cell>["']?[,;\t]["']?))?(?:(?P<latin>[AaPp])\.?[Mm]\.?"#,
        r"|(?P<vietnamese>SA|CH)|(?P<small>sa|ch)))",
    ))
});
/// Behind letters that only begin a name: `SA-10`, `PM_x`.
pub(super) static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| expression(r"\A(?:[-_=/][0-9A-Za-z]|\.[0-9A-Za-z])"));
static SPOKEN: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r#"\A(?:(?i:(?: ?\(|["']?[,;\t]["']? ?| |[\x80-\xFF])(?:buo[\x80-\xFF]{0,2}i )?"#,
        r"(?P<word>sa[\x80-\xFF]{0,2}ng",
        r"|tru[\x80-\xFF]{0,2}a|chie[\x80-\xFF]{0,2}u|to[\x80-\xFF]{0,2}i|de[\x80-\xFF]{0,2}m)))",
    ))
});
static SPOKEN_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:(?:\A|[^0-9A-Za-z_.@-])(?:buo[\x80-\xFF]{0,2}i )?(?P<word>sa[\x80-\xFF]{0,2}ng",
        r"|tru[\x80-\xFF]{0,2}a|chie[\x80-\xFF]{0,2}u|to[\x80-\xFF]{0,2}i|de[\x80-\xFF]{0,2}m)",
        r",? (?:ngay )?\z)",
    ))
});
const LONGEST_SPOKEN: usize = 24;

impl Half {
    /// Whether a clock with it stands behind a date that begins with the day.
    pub fn says_day_first(self) -> bool {
        !matches!(self, Half::Morning | Half::Afternoon | Half::NotSaid)
    }

    /// The hours of the day that it may mean.
    fn hours(self) -> [Range<i32>; 2] {
        match self {
            Half::Morning | Half::Sa | Half::Sang => [0..12, 0..0],
            Half::Afternoon | Half::Ch | Half::Chieu => [12..24, 0..0],
            Half::Trua => [10..15, 0..0],
            Half::Toi => [17..24, 0..0],
            Half::Dem => [0..5, 18..24],
            Half::NotSaid => [0..0, 0..0],
        }
    }
}

/// The half of the day that is stated at this place, or that it is in doubt, and where it ends. `marked`: the same
/// characters with their marks; `is_pair`: the date has two numbers and a year.
pub(super) fn half_at(
    text: &[u8],
    marked: Option<&[u32]>,
    at: usize,
    is_pair: bool,
) -> (Option<Half>, usize) {
    if let Some(marked) = marked
        && let Some(found) = SPOKEN.captures(&text[at..])
        && let Some(word) = found.name("word")
    {
        let end = at + word.end();
        let half = spoken(&marked[at + word.start()..end]);
        let is_whole = !byte(text, end).is_ascii_alphanumeric();
        return match half.filter(|_| is_whole) {
            Some(half) => (Some(half), end),
            None => (None, at),
        };
    }
    let Some(found) = HALF.captures(&text[at..]) else {
        return (None, at);
    };
    let end = at + found[0].len();
    if byte(text, end).is_ascii_alphanumeric() || TOKEN.is_match(&text[end..]) {
        return (None, at);
    }
    let is_cell = found.name("cell").is_some();
    if found.name("small").is_some() {
        let is_doubt = is_pair && !is_cell;
        return if is_doubt {
            (Some(Half::NotSaid), end)
        } else {
            (None, at)
        };
    }
    let half = match (found.name("latin"), found.name("vietnamese")) {
        (Some(letter), _) if letter.as_bytes().eq_ignore_ascii_case(b"a") => Half::Morning,
        (Some(_), _) => Half::Afternoon,
        // `CH` in a cell of its own may be a country.
        _ if is_cell => Half::NotSaid,
        (None, Some(word)) if word.as_bytes() == b"SA" => Half::Sa,
        (None, _) => Half::Ch,
    };
    (Some(half), end)
}

/// The part of the day that stands before a date: `chiều 20/11/2026 3:05:06`.
pub(super) fn half_before(text: &[u8], marked: Option<&[u32]>, begin: usize) -> Option<Half> {
    let marked = marked?;
    let start = begin.saturating_sub(LONGEST_SPOKEN);
    let before = &text[start..begin];
    if !before.ends_with(b" ") {
        return None;
    }
    let word = SPOKEN_BEFORE.captures(before)?.name("word")?;
    spoken(&marked[start + word.start()..start + word.end()])
}

fn spoken(chars: &[u32]) -> Option<Half> {
    let word: Option<String> = chars.iter().map(|&c| char::from_u32(c)).collect();
    let word = word?.to_lowercase();
    let found = WORDS.iter().find(|(known, _)| *known == word)?;
    Some(found.1)
}

/// The hour of the day; None where the word beside the clock does not fit it, or says nothing certain.
pub(super) fn hour(shown: i32, half: Option<Half>) -> Option<i32> {
    let Some(half) = half else {
        return Some(shown);
    };
    let is_of_twelve = matches!(half, Half::Morning | Half::Afternoon | Half::Sa | Half::Ch);
    if half == Half::NotSaid {
        return (shown > 12).then_some(shown);
    }
    if is_of_twelve && !(1..=12).contains(&shown) {
        return None;
    }
    let may_be: &[i32] = match (shown, half) {
        // Midnight belongs to two days: `12 giờ đêm` is none.
        (12, Half::Dem) => &[],
        (12, _) => &[12, 0],
        _ => &[shown, shown + 12],
    };
    let ranges = half.hours();
    let mut hours = may_be
        .iter()
        .filter(|hour| ranges.iter().any(|range| range.contains(hour)));
    match (hours.next(), hours.next()) {
        (Some(hour), None) => Some(*hour),
        _ => None,
    }
}
