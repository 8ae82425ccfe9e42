//! Dates and clocks in a line of no known format, with their halves of the day and their zones
//! (docs/log-formats.md 6). `moments` says which of them is the time of the line.
use std::sync::LazyLock;

use jiff::tz::{Offset, TimeZone};
use regex::bytes::{Captures, Regex};
use serde::{Deserialize, Serialize};

use crate::line::expressions::{byte, expression};
use crate::line::halves::{TOKEN, half_at, half_before, hour};
use crate::reader::START;
use crate::time::zones::{is_doubtful, named};
use crate::time::{Moment, Parts, decimals, month_number};

pub(super) const LONGEST_DATE: usize = 32;
const MOST_MONTHS: i32 = 12;
const MOST_HOURS: i32 = 14;

/// What the dates of two numbers and a year begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    Day,
    Month,
}

impl Order {
    /// `day` or `month`.
    pub fn word(self) -> &'static str {
        match self {
            Order::Day => "day",
            Order::Month => "month",
        }
    }

    /// The order of a word.
    pub fn of(word: &str) -> Option<Order> {
        [Order::Day, Order::Month]
            .into_iter()
            .find(|order| order.word() == word)
    }
}

/// What a file says of all its times.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// None where the file does not say.
    pub order: Option<Order>,
    /// A time with a year and without a zone is in UTC (the W3C extended log file format).
    pub is_utc: bool,
}

/// The order of dates by those of a file's first lines that can be read only one way; None where none or both
/// orders are there.
pub fn date_order(start: &[u8]) -> Option<Order> {
    let mut orders = Orders::default();
    orders.add(whole_lines(start));
    orders.told()
}

fn whole_lines(start: &[u8]) -> &[u8] {
    if start.len() < START {
        start
    } else {
        &start[..memchr::memrchr(b'\n', &start[..START]).map_or(0, |i| i + 1)]
    }
}

/// The orders of dates that were seen.
#[derive(Debug, Default)]
pub struct Orders {
    is_day: bool,
    is_month: bool,
}

impl Orders {
    /// Looks at whole lines.
    pub fn add(&mut self, lines: &[u8]) {
        for found in NUMBERS.captures_iter(lines) {
            let number = |group: &str| number(&found, group).unwrap_or(0);
            let (first, second) = (number("a").max(number("c")), number("b").max(number("d")));
            self.is_day |= first > MOST_MONTHS && second <= MOST_MONTHS;
            self.is_month |= second > MOST_MONTHS && first <= MOST_MONTHS;
        }
    }

    pub fn told(&self) -> Option<Order> {
        match (self.is_day, self.is_month) {
            (true, false) => Some(Order::Day),
            (false, true) => Some(Order::Month),
            _ => None,
        }
    }
}

static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    let numbers = "(?P<a>[0-9]{1,2})/(?P<b>[0-9]{1,2})/|(?P<c>[0-9]{1,2})-(?P<d>[0-9]{1,2})-";
    expression(&format!(
        r"(?:\A|[^0-9./-])(?:{numbers})[0-9]{{4}}[ ,Tt\t]{{1,2}}[0-9]{{1,2}}:[0-9]{{2}}:[0-9]{{2}}"
    ))
});

pub(super) static CLOCK: LazyLock<Regex> =
    LazyLock::new(|| expression("([0-9]{1,2}):([0-9]{2}):([0-9]{2})"));

/// `ngày 20/11/2026 lúc 20:05:06`.
const AT: &str = ",? (?:vao )?(?:luc|at) ";

/// How a date is spelled before its clock; the first form that fits counts.
static DATES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let month = "(?P<name>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
    let year = "(?P<year>[0-9]{4})";
    let number = "(?P<month>[0-9]{2})";
    let day = "(?P<day>[ 0-9]?[0-9])";
    let two = "(?P<day>[0-9]{2})";
    let numbers = |sign: &str| {
        let pair = format!("(?P<first>[0-9]{{1,2}}){sign}(?P<second>[0-9]{{1,2}}){sign}");
        format!(r"(?:\A|[^./-])(?P<pair_of>{pair}){year}(?:[ ,Tt\t]{{1,2}}|{AT})")
    };
    let pair = r#"(?P<pair>["']?[ ,;\t]{1,2}["']?time["']?[=:]["']?)"#;
    [
        format!(r"{year}-{number}-{two}(?:[Tt \t,]|{AT}|{pair})"),
        format!(r"{year}/{number}/{two}[ \t,:]"),
        format!("{two}/{month}/{year}:"),
        format!("{two}-{month}-{year} "),
        format!("{year} {month} {day} "),
        format!("{month} {day},? {year},? "),
        format!("(?P<day>[0-9]{{1,2}}) {month} {year} "),
        format!("{month} {day} "),
        format!("{year}:{number}:{two}-"),
        format!("{number}/{two}(?:/(?P<year>[0-9]{{4}}|[0-9]{{2}}))?-"),
        numbers(r"\."),
        numbers("/"),
        numbers("-"),
    ]
    .iter()
    .map(|form| expression(&format!(r"(?:{form})\z")))
    .collect()
});

static ZONE: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?P<gap> )?\(?(?:(?:UTC|GMT)(?P<short>[+-][0-9]{1,2}(?::?[0-9]{2})?)",
        r"|(?P<offset>[+-][0-9]{2}(?:(?P<colon>:)?(?P<minutes>[0-9]{2}))?)",
        r"|(?P<word>z|[A-Z]{1,5}))\)?"
    ))
});
/// Behind digits that count something, or begin an address.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:\.[0-9]|[/%]|(?i: ?(?:bytes?|octets?|[km]?b|ms|secs?|seconds?|packets?|pkts?|rows?|lines?",
        r"|users?|times|events?|hits?|sessions?|connections?|errors?|goi|lan|dong)",
        r"(?:\z|[^0-9A-Za-z])))",
    ))
});
/// The minutes of zones; `-1024` is a number.
const MINUTES: [&[u8]; 4] = [b"00", b"15", b"30", b"45"];
static YEAR_BEHIND: LazyLock<Regex> =
    LazyLock::new(|| expression(r"\A ((?:19|20)[0-9]{2})(?:\z|[^0-9A-Za-z:/._-])"));
/// `Sat Jan 01 00:00:00 2000: message`; without the weekday the number may be one of the message.
static WEEKDAY: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?:\A|[^0-9A-Za-z])(?i:mon|tue|wed|thu|fri|sat|sun) \z"));
static YEAR_OF_WEEKDAY: LazyLock<Regex> =
    LazyLock::new(|| expression(r"\A ((?:19|20)[0-9]{2}):(?:[ \t]|\z)"));
/// `CLOCK DATE CLOCK DATE` has two readings.
static CLOCK_BEFORE: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?:\A|[^0-9:])[0-9]{1,2}:[0-9]{2}:[0-9]{2}[ ,]{1,2}\z"));
static DATE_BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A[ ,]{1,2}(?:[0-9]{1,2}(?:\.[0-9]{1,2}\.|/[0-9]{1,2}/|-[0-9]{1,2}-)[0-9]{4}",
        r"|[0-9]{4}-[0-9]{2}-[0-9]{2})",
    ))
});
/// A time in a line; without a moment where the line shows a time and does not say which.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub start: usize,
    pub end: usize,
    pub moment: Option<Moment>,
    /// The zone that the line states.
    pub own: Option<Offset>,
    pub parts: Option<Parts>,
    /// Date and clock stand under two keys.
    pub is_pair: bool,
    pub has_half: bool,
}

impl Found {
    /// A time without a certain meaning.
    pub fn unknown(start: usize, end: usize) -> Found {
        Found {
            start,
            end,
            moment: None,
            own: None,
            parts: None,
            is_pair: false,
            has_half: false,
        }
    }
}

/// The clocks with a date in a text; `marked`: the same characters with their marks.
pub(super) fn clocks(text: &[u8], marked: &[u32], zone: &TimeZone, told: Told) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(clock) = CLOCK.captures_at(text, at) {
        let start = clock.get(0).map_or(at, |m| m.start());
        match at_clock(text, Some(marked), &clock, zone, told) {
            Some(one) => {
                at = one.end;
                found.push(one);
            }
            None => at = start + 1,
        }
    }
    found
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
pub(super) fn decimals_at<'t>(
    text: &'t [u8],
    at: usize,
    points: &[u8],
) -> Option<(&'t [u8], usize)> {
    let rest = text.get(at + 1..)?;
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    (points.contains(&text[at]) && count > 0).then(|| (&rest[..count], at + 1 + count))
}

/// The time whose hour, minute and second stand here, if a date stands before them.
pub(super) fn at_clock(
    text: &[u8],
    marked: Option<&[u32]>,
    clock: &Captures<'_>,
    zone: &TimeZone,
    told: Told,
) -> Option<Found> {
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
    let begin = from + date.name("pair_of").or(date.get(0))?.start();
    if begin > 0 && text[begin - 1].is_ascii_alphanumeric() {
        return None;
    }
    let fraction = decimals_at(text, end, b".,");
    let is_pair_of = date.name("pair_of").is_some();
    let behind = fraction.map_or(end, |(_, end)| end);
    let (half, end) = half_at(text, marked, behind, is_pair_of);
    let half = half.or_else(|| half_before(text, marked, begin));
    let (mut own, mut is_doubtful, mut end) = zone_at(text, end);
    let mut year = number(&date, "year");
    if year.is_some_and(|year| year < 100) && date.name("year").is_some_and(|y| y.len() == 2) {
        year = year.map(|year| year + 2000);
    }
    let mut year_behind = YEAR_BEHIND.captures(&text[end..]);
    if year_behind.is_none() && WEEKDAY.is_match(&text[begin.saturating_sub(5)..begin]) {
        year_behind = YEAR_OF_WEEKDAY.captures(&text[end..]);
    }
    if year.is_none()
        && let Some(behind) = year_behind
        && !NUMBER.is_match(&text[end + behind[1].len() + 1..])
    {
        year = std::str::from_utf8(&behind[1]).ok()?.parse().ok();
        end += behind[1].len() + 1;
        if own.is_none() && !is_doubtful {
            (own, is_doubtful, end) = zone_at(text, end);
        }
    }
    let digits = |group: usize| std::str::from_utf8(&clock[group]).ok()?.parse().ok();
    let order = match half {
        Some(half) if half.says_day_first() => Some(Order::Day),
        _ => told.order,
    };
    let days = month_and_day(&date, order);
    let hour = hour(digits(1)?, half);
    is_doubtful |= DATE_BEHIND.is_match(&text[end..])
        && CLOCK_BEFORE.is_match(&text[begin.saturating_sub(12)..begin]);
    let (Some([month, day]), Some(hour), false) = (days, hour, is_doubtful) else {
        return Some(Found::unknown(begin, end));
    };
    let parts = Parts {
        year,
        month,
        day,
        clock: [hour, digits(2)?, digits(3)?],
        micros: fraction.map_or(0, |(digits, _)| decimals(digits)),
    };
    let by = own.or((year.is_some() && told.is_utc).then_some(Offset::UTC));
    Some(Found {
        start: begin,
        end,
        moment: Some(parts.moment(by, zone)?),
        own,
        parts: Some(parts),
        is_pair: date.name("pair").is_some(),
        has_half: half.is_some(),
    })
}

/// The month and the day of a date; None where it could be read both ways.
fn month_and_day(date: &Captures<'_>, order: Option<Order>) -> Option<[i32; 2]> {
    if let Some(pair) = date.name("pair_of") {
        let (first, second) = (number(date, "first")?, number(date, "second")?);
        if second > MOST_MONTHS {
            return Some([first, second]);
        }
        let is_day = first > MOST_MONTHS || first == second || pair.as_bytes().contains(&b'.');
        return match order {
            _ if is_day => Some([second, first]),
            Some(Order::Day) => Some([second, first]),
            Some(Order::Month) => Some([first, second]),
            None => None,
        };
    }
    let month = match date.name("name") {
        Some(name) => month_number(name.as_bytes())?,
        None => number(date, "month")?,
    };
    Some([month, number(date, "day")?])
}

/// Whether the form of that number in `DATES` may fit. Most do not, and an expression takes longer to say so
/// than a byte.
fn may_fit(before: &[u8], form: usize) -> bool {
    let is_at = before.ends_with(b"luc ") || before.ends_with(b" at ");
    let from_end = |n: usize| before.len().checked_sub(n).map_or(0, |i| before[i]);
    match form {
        0 => is_at || from_end(4) == b'-' || b"=:\"'".contains(&from_end(1)),
        1 => from_end(4) == b'/',
        2..=7 => before.iter().rev().take(14).any(u8::is_ascii_lowercase),
        8 | 9 => from_end(1) == b'-',
        _ => is_at || b"./-".contains(&from_end(6)) || b"./-".contains(&from_end(7)),
    }
}

/// The zone that is stated at this place, whether its name has several meanings, and where it ends.
fn zone_at(text: &[u8], at: usize) -> (Option<Offset>, bool, usize) {
    let nothing = (None, false, at);
    let Some(found) = ZONE.captures(&text[at..]) else {
        return nothing;
    };
    let end = at + found[0].len();
    if goes_on(text, end) {
        return nothing;
    }
    let is_name = TOKEN.is_match(&text[end..]);
    let (minutes, has_colon) = (found.name("minutes"), found.name("colon").is_some());
    if found.name("offset").is_some() && !has_colon {
        let is_zone = minutes.is_none_or(|two| MINUTES.contains(&two.as_bytes()));
        if !is_zone || NUMBER.is_match(&text[end..]) {
            return nothing;
        }
        if minutes.is_none() && found.name("gap").is_some() {
            // ` -12` may be a zone or a number.
            return (None, true, end);
        }
    }
    let own = match (
        found.name("word"),
        found.name("short").or(found.name("offset")),
    ) {
        (Some(word), _) if is_doubtful(word.as_bytes()) => return (None, true, end),
        (Some(word), _) => {
            let known = named(&word.as_bytes().to_ascii_uppercase());
            if is_name && known.is_some() {
                // `EST-5` is a zone or a name that begins so.
                return (None, true, end);
            }
            known
        }
        (None, Some(spelled)) => offset(spelled.as_bytes()),
        (None, None) => None,
    };
    match own {
        Some(own) => (Some(own), false, end),
        // No place has `+25:00`.
        None if has_colon => (None, true, end),
        None => nothing,
    }
}

/// `±h`, `±hh`, `±hhmm` or `±hh:mm`, of at most 14 hours.
pub(super) fn offset(spelled: &[u8]) -> Option<Offset> {
    let digits: Vec<i32> = spelled
        .iter()
        .filter(|b| b.is_ascii_digit())
        .map(|b| i32::from(b - b'0'))
        .collect();
    let count = if spelled.get(2).is_some_and(u8::is_ascii_digit) {
        2
    } else {
        1
    };
    let hours = digits[..count].iter().fold(0, |n, digit| n * 10 + digit);
    let minutes = digits
        .get(count..count + 2)
        .map_or(0, |two| two[0] * 10 + two[1]);
    let sign = if spelled[0] == b'-' { -1 } else { 1 };
    (hours <= MOST_HOURS && minutes <= 59)
        .then(|| Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok())
        .flatten()
}
