//! The time of a line of no known format: where it stands and what it means (docs/log-formats.md 6).
use std::sync::LazyLock;

use jiff::tz::{Offset, TimeZone};
use regex::bytes::{Captures, Regex, RegexBuilder};

use crate::line::chars::Text;
use crate::line::freetext::{cleared, flat};
use crate::line::keys::{self, Key, Path};
use crate::shape::wrapper::behind_hole;
use crate::time::{Moment, Parts, SECOND, Value, decimals, is_near, month_number};

/// Bytes at the start of a line in which its time is sought.
const TIME_BYTES: usize = 1 << 14;
const LONGEST_DATE: usize = 32;
const MOST_HOURS: i32 = 14;
/// The years 2000 to 2099: a number outside is no time.
const EPOCHS: std::ops::Range<i128> = 946_684_800 * SECOND as i128..4_102_444_800 * SECOND as i128;

const RECORD: [&str; 8] = [
    "ts",
    "time",
    "timestamp",
    "epoch",
    "rt",
    "date",
    "datetime",
    "start",
];
const RECORD_ENDS: [&str; 3] = ["time", "timestamp", "epoch"];
const NEVER: [&str; 20] = [
    "not",
    "until",
    "till",
    "to",
    "since",
    "uptime",
    "duration",
    "birth",
    "next",
    "x509",
    "pattern",
    "sig",
    "signature",
    "mtime",
    "ctime",
    "atime",
    "age",
    "ttl",
    "idle",
    "elapsed",
];
const NEVER_BEGINS: [&str; 18] = [
    "notbefore",
    "notafter",
    "valid",
    "expir",
    "cert",
    "boot",
    "modif",
    "lease",
    "regist",
    "compil",
    "releas",
    "build",
    "install",
    "upgrad",
    "licen",
    "passw",
    "pwd",
    "renew",
];

pub(super) fn expression(text: &str) -> Regex {
    RegexBuilder::new(text)
        .unicode(false)
        .build()
        .expect("a constant expression")
}

static CLOCK: LazyLock<Regex> = LazyLock::new(|| expression("([0-9]{2}):([0-9]{2}):([0-9]{2})"));

/// How a date is spelled before its clock; the first form that fits counts.
static DATES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let month = "(?P<name>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
    let year = "(?P<year>[0-9]{4})";
    let number = "(?P<month>[0-9]{2})";
    let day = "(?P<day>[ 0-9]?[0-9])";
    let two = "(?P<day>[0-9]{2})";
    let pair = r#"(?P<pair>["']?[ ,;\t]{1,2}["']?time["']?[=:]["']?)"#;
    [
        format!(r"{year}-{number}-{two}(?:[Tt \t,]|{pair})"),
        format!(r"{year}/{number}/{two}[ \t,:]"),
        format!("{two}/{month}/{year}:"),
        format!("{two}-{month}-{year} "),
        format!("{year} {month} {day} "),
        format!("{month} {day},? {year},? "),
        format!("(?P<day>[0-9]{{1,2}}) {month} {year} "),
        format!("{month} {day} "),
        format!("{year}:{number}:{two}-"),
        format!("{number}/{two}(?:/(?P<year>[0-9]{{4}}|[0-9]{{2}}))?-"),
    ]
    .iter()
    .map(|form| expression(&format!(r"(?:{form})\z")))
    .collect()
});

static ZONE: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\A ?(?:(?:UTC|GMT)?(?P<offset>[+-][0-9]{2}(?::?[0-9]{2})?)|(?P<word>[Zz]|UTC|GMT|ICT))",
    )
});
static YEAR_BEHIND: LazyLock<Regex> = LazyLock::new(|| expression(r"\A ((?:19|20)[0-9]{2})"));
static ZONE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"(?i:(?:\A|[^0-9A-Za-z])(?:tz|timezone)["']?[=:] ?["']?(?:UTC|GMT)?([+-][0-9]{2}:?[0-9]{2}))"#,
    )
});
static HEAD_PRIORITY: LazyLock<Regex> = LazyLock::new(|| expression(r"\A(?:<[0-9]{1,3}>(?:1 )?)?"));
static HEAD_END: LazyLock<Regex> = LazyLock::new(|| expression(r"\A[\])]?:? {1,3}"));
static WEEKDAY: LazyLock<Regex> =
    LazyLock::new(|| expression(r"\A[\[(*.]?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"));

/// A time in a line.
#[derive(Debug)]
struct Found {
    start: usize,
    end: usize,
    moment: Moment,
}

/// The time of the record: the first that no key calls something else, alone or under a key of time.
pub fn time(line: &[u8], zone: &TimeZone) -> Option<Moment> {
    let line = if memchr::memchr(0, line).is_some() {
        behind_hole(line)
    } else {
        line
    };
    let text = Text::new(&line[..line.len().min(TIME_BYTES)]);
    let text = flat(&cleared(&text).clear);
    let mut found: Vec<Found> = clocks(&text, zone);
    found.extend(epochs(&text));
    found.sort_by_key(|one| one.start);
    let places: Vec<usize> = found.iter().map(|one| one.start).collect();
    let paths = keys::around(&text, &places);
    let ranked = found.iter().zip(&paths);
    let ranked: Vec<(u8, Moment)> = ranked
        .filter_map(|(one, path)| Some((rank(&keys::before(&text, one.start), path)?, one.moment)))
        .collect();
    let (_, best) = ranked.iter().min_by_key(|(rank, _)| *rank).copied()?;
    let Value::Yearless(bare) = best.value else {
        return Some(best);
    };
    let mut others = ranked.iter().map(|(_, moment)| *moment);
    Some(
        others
            .find(|other| is_near(bare, *other, zone))
            .unwrap_or(best),
    )
}

/// 0 where a time stands alone or its key says record time, else 1; None for the date of a certificate, an
/// uptime and the like.
fn rank(key: &Key, path: &Path) -> Option<u8> {
    let nearest = if key.is_word {
        &key.words[key.words.len() - 1..]
    } else {
        &key.words[..]
    };
    let around = || path.iter().flatten();
    let is_never = |word: &String| NEVER.contains(&word.as_str());
    let begins = |word: &String| NEVER_BEGINS.iter().any(|w| word.starts_with(w));
    if nearest.iter().chain(around()).any(is_never) || key.words.iter().chain(around()).any(begins)
    {
        return None;
    }
    Some(u8::from(
        !(key.is_word || key.words.is_empty() || says_time(key)),
    ))
}

fn says_time(key: &Key) -> bool {
    key.words.last().is_some_and(|word| {
        RECORD.contains(&word.as_str()) || RECORD_ENDS.iter().any(|end| word.ends_with(end))
    })
}

fn clocks(text: &[u8], zone: &TimeZone) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(clock) = CLOCK.captures_at(text, at) {
        let start = clock.get(0).map_or(at, |m| m.start());
        match at_clock(text, &clock, zone) {
            Some(one) => {
                at = one.end;
                found.push(one);
            }
            None => at = start + 1,
        }
    }
    found
}

fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

fn number(found: &Captures<'_>, group: &str) -> Option<i32> {
    let digits = found.name(group)?.as_bytes().trim_ascii();
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether a number or a word goes on behind what was read.
fn goes_on(text: &[u8], end: usize) -> bool {
    byte(text, end).is_ascii_alphanumeric()
        || (byte(text, end) == b':' && byte(text, end + 1).is_ascii_digit())
}

/// Decimals at this place, and where they end.
fn decimals_at<'t>(text: &'t [u8], at: usize, points: &[u8]) -> Option<(&'t [u8], usize)> {
    let rest = text.get(at + 1..)?;
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    (points.contains(&text[at]) && count > 0).then(|| (&rest[..count], at + 1 + count))
}

/// The time whose hour, minute and second stand here, if a date stands before them.
fn at_clock(text: &[u8], clock: &Captures<'_>, zone: &TimeZone) -> Option<Found> {
    let whole = clock.get(0)?;
    let (start, end) = (whole.start(), whole.end());
    if byte(text, end).is_ascii_digit()
        || (byte(text, end) == b':' && byte(text, end + 1).is_ascii_digit())
    {
        return None;
    }
    let from = start.saturating_sub(LONGEST_DATE);
    let before = &text[from..start];
    let forms = DATES.iter().zip(0..).filter(|(_, n)| may_fit(before, *n));
    let date = forms
        .into_iter()
        .find_map(|(form, _)| form.captures(before))?;
    let begin = from + date.get(0)?.start();
    if begin > 0 && text[begin - 1].is_ascii_alphanumeric() {
        return None;
    }
    let fraction = decimals_at(text, end, b".,");
    let (mut own, mut end) = zone_at(text, fraction.map_or(end, |(_, end)| end));
    let mut year = number(&date, "year");
    if year.is_some_and(|year| year < 100) && date.name("year").is_some_and(|y| y.len() == 2) {
        year = year.map(|year| year + 2000);
    }
    if year.is_none()
        && let Some(behind) = YEAR_BEHIND.captures(&text[end..])
        && !byte(text, end + behind[0].len()).is_ascii_alphanumeric()
    {
        year = std::str::from_utf8(&behind[1]).ok()?.parse().ok();
        end += behind[0].len();
        if own.is_none() {
            (own, end) = zone_at(text, end);
        }
    }
    if own.is_none()
        && date.name("pair").is_some()
        && let Some(said) = ZONE_KEY.captures(text)
    {
        own = offset(&said[1]);
    }
    let month = match date.name("name") {
        Some(name) => month_number(name.as_bytes())?,
        None => number(&date, "month")?,
    };
    let digits = |group: usize| std::str::from_utf8(&clock[group]).ok()?.parse().ok();
    let parts = Parts {
        year,
        month,
        day: number(&date, "day")?,
        clock: [digits(1)?, digits(2)?, digits(3)?],
        micros: fraction.map_or(0, |(digits, _)| decimals(digits)),
    };
    Some(Found {
        start: begin,
        end,
        moment: parts.moment(own, zone)?,
    })
}

/// Whether the form of that number in `DATES` may fit. Most do not, and an expression takes longer to say so
/// than a byte.
fn may_fit(before: &[u8], form: usize) -> bool {
    let from_end = |n: usize| before.len().checked_sub(n).map_or(0, |i| before[i]);
    match form {
        0 => from_end(4) == b'-' || b"=:\"'".contains(&from_end(1)),
        1 => from_end(4) == b'/',
        2..=7 => before.iter().rev().take(14).any(u8::is_ascii_lowercase),
        _ => from_end(1) == b'-',
    }
}

/// The zone that is stated at this place, and where it ends; the place itself without one.
fn zone_at(text: &[u8], at: usize) -> (Option<Offset>, usize) {
    let Some(found) = ZONE.captures(&text[at..]) else {
        return (None, at);
    };
    let end = at + found[0].len();
    if goes_on(text, end) {
        return (None, at);
    }
    let own = match (found.name("word"), found.name("offset")) {
        (Some(word), _) => Some(Offset::constant(if word.as_bytes() == b"ICT" {
            7
        } else {
            0
        })),
        (None, Some(spelled)) => offset(spelled.as_bytes()),
        (None, None) => None,
    };
    if own.is_some() {
        (own, end)
    } else {
        (None, at)
    }
}

/// `±hh`, `±hhmm` or `±hh:mm`, of at most 14 hours.
fn offset(spelled: &[u8]) -> Option<Offset> {
    let digits: Vec<i32> = spelled
        .iter()
        .filter(|b| b.is_ascii_digit())
        .map(|b| i32::from(b - b'0'))
        .collect();
    let hours = digits[0] * 10 + digits[1];
    let minutes = digits.get(2..4).map_or(0, |two| two[0] * 10 + two[1]);
    let sign = if spelled[0] == b'-' { -1 } else { 1 };
    (hours <= MOST_HOURS && minutes <= 59)
        .then(|| Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok())
        .flatten()
}

/// Numbers of seconds, milliseconds, microseconds or nanoseconds since 1970 under a key that says time, or
/// seconds with decimals at the beginning of the line.
fn epochs(text: &[u8]) -> Vec<Found> {
    let first = HEAD_PRIORITY.find(text).map_or(0, |m| m.end());
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = (at..text.len()).find(|&i| text[i].is_ascii_digit()) {
        let count = text[start..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        let end = start + count;
        at = end;
        if !matches!(count, 10 | 13 | 16 | 19) || (start > 0 && is_inside(text[start - 1])) {
            continue;
        }
        let fraction = if matches!(count, 10 | 13) {
            decimals_at(text, end, b".")
        } else {
            None
        };
        let stop = fraction.map_or(end, |(_, end)| end);
        if byte(text, stop).is_ascii_alphanumeric() {
            continue;
        }
        let key = keys::before(text, start);
        let is_head =
            start == first && count == 10 && fraction.is_some() && byte(text, stop) == b' ';
        if !is_head && (key.is_word || !says_time(&key)) {
            continue;
        }
        let digits = text[start..end].iter();
        let number = digits.fold(0i128, |n, b| n * 10 + i128::from(b - b'0'));
        let micros = match count {
            10 => {
                number * i128::from(SECOND)
                    + i128::from(fraction.map_or(0, |(digits, _)| decimals(digits)))
            }
            13 => number * 1000,
            16 => number,
            _ => number / 1000,
        };
        if EPOCHS.contains(&micros) {
            found.push(Found {
                start,
                end: stop,
                moment: Moment {
                    value: Value::Known(micros as i64),
                    local: false,
                },
            });
        }
    }
    found
}

fn is_inside(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._-".contains(&b)
}

/// Where the text behind a time that begins here goes on; None without a time.
pub fn head(line: &[u8], at: usize) -> Option<usize> {
    let begin = at + WEEKDAY.find(&line[at..]).map_or(0, |m| m.len());
    let clock = CLOCK.captures_at(&line[..line.len().min(begin + LONGEST_DATE)], begin)?;
    let found = at_clock(line, &clock, &TimeZone::UTC)?;
    if found.start != at && found.start != begin {
        return None;
    }
    let end = HEAD_END.find(&line[found.end..])?;
    Some(found.end + end.len())
}
