//! The time of a line of no known format: where it stands and what it means (docs/log-formats.md 6).
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use regex::bytes::Regex;

use crate::line::chars::Text;
use crate::line::clocks::{CLOCK, Found, LONGEST_DATE, Told, at_clock, clocks, decimals_at};
use crate::line::expressions::{byte, expression};
use crate::line::freetext::cleared;
use crate::line::keys::{self, Key, Path};
use crate::line::sides::bare;
use crate::line::stated::stated;
use crate::shape::wrapper::behind_hole;
use crate::time::{Moment, SECOND, Value, decimals, is_near};

/// Bytes at the start of a line in which its time is sought.
const TIME_BYTES: usize = 1 << 14;
const LONGEST_HEAD: usize = 32;
/// See `record::SAME_MOMENT`.
const SAME_MOMENT: i64 = 600 * SECOND;
/// The years 2000 to 2099: a number outside is no time.
const EPOCHS: std::ops::Range<i128> = 946_684_800 * SECOND as i128..4_102_444_800 * SECOND as i128;

const RECORD: [&str; 13] = [
    "ts",
    "time",
    "timestamp",
    "epoch",
    "rt",
    "date",
    "datetime",
    "start",
    "occurred",
    "occurrence",
    "happened",
    "generated",
    "detected",
];
const RECORD_ENDS: [&str; 3] = ["time", "timestamp", "epoch"];
const NEVER: [&str; 21] = [
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
    "signatures",
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

/// The time of somebody who had the record later. ECS: `event.ingested` is when the store took it; PAN-OS:
/// `receive_time` is when the log arrived at the management plane.
const INGEST_BEGINS: [&str; 8] = [
    "receiv",
    "ingest",
    "indexed",
    "collect",
    "arriv",
    "forward",
    "insert",
    "processed",
];
/// The last word of keys under which a collector keeps the line of a device. ECS: `@timestamp` is the event's own
/// time only where the collector found one in the line.
const MESSAGE: [&str; 10] = [
    "message", "msg", "log", "original", "raw", "rawmsg", "payload", "body", "line", "event",
];

const EVENT_BEGINS: [&str; 4] = ["event", "occur", "happen", "detect"];
const NEVER_NEAR: [&str; 8] = [
    "db",
    "definition",
    "definitions",
    "database",
    "dat",
    "avdb",
    "sigdb",
    "virusdb",
];
const LOGGED_WORDS: [&str; 7] = [
    "logged",
    "logtime",
    "report",
    "reported",
    "reporting",
    "sent",
    "sending",
];
/// Words between a word and its time: `báo cáo lúc`.
const FILLERS: [&str; 5] = ["luc", "vao", "ngay", "at", "on"];

/// How good a time is, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Of the device's own line, when it happened.
    OwnEvent,
    /// Of the device's own line.
    Own,
    /// When it happened.
    Event,
    /// Alone or under a key of time.
    Alone,
    Other,
    /// When it was logged, reported or sent.
    Logged,
    /// Of somebody who had the record later.
    Ingest,
}

/// What two words of a key say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pair {
    Event,
    Logged,
    Received,
    /// Cập nhật (updated), cài đặt (installed), hết hạn (expires), phiên bản (version), …, without their marks.
    Never,
    /// Lần đầu, đầu tiên: the first time.
    First,
    /// Lần cuối: the last time, of an event or of a contact.
    Last,
}

fn pair(first: &str, second: &str) -> Option<Pair> {
    match (first, second) {
        ("xay" | "dien", "ra") | ("phat", "hien") | ("su", "kien") => Some(Pair::Event),
        ("log", "time") | ("bao", "cao") | ("gui", "luc" | "ngay") => Some(Pair::Logged),
        ("gian" | "diem" | "ngay" | "luc" | "tiep", "nhan") | ("nhan", "luc" | "ngay") => {
            Some(Pair::Received)
        }
        ("lan", "cuoi") => Some(Pair::Last),
        ("lan", "dau") | ("dau", "tien") => Some(Pair::First),
        ("cap", "nhat")
        | ("cai", "dat")
        | ("het", "han")
        | ("phien", "ban")
        | ("khoi", "dong")
        | ("nang", "cap")
        | ("quet", "cuoi")
        | ("lieu" | "ngay", "mau")
        | ("san", "xuat")
        | ("kich", "hoat")
        | ("hieu", "luc")
        | ("chu", "ky")
        | ("ban" | "tao", "mau")
        | ("gia", "han")
        | ("chinh", "sua")
        | ("thay", "doi")
        | ("dang", "ky") => Some(Pair::Never),
        _ => None,
    }
}

static MESSAGE_HEAD: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r#"["'][ \t]*:[ \t]*\\*"(?:<[0-9]{1,3}>(?:1 )?)?[\[(*.]?"#,
        r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?\z"
    ))
});
static HEAD_PRIORITY: LazyLock<Regex> = LazyLock::new(|| expression(r"\A(?:<[0-9]{1,3}>(?:1 )?)?"));
static HEAD_END: LazyLock<Regex> = LazyLock::new(|| expression(r"\A[\])]?:? {1,3}"));
static WEEKDAY: LazyLock<Regex> =
    LazyLock::new(|| expression(r"\A[\[(*.]?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"));

/// The time of the record: the first of the best kind that is there. None where that time is in doubt.
pub fn time(line: &[u8], zone: &TimeZone, told: Told) -> Option<Moment> {
    let line = if memchr::memchr(0, line).is_some() {
        behind_hole(line)
    } else {
        line
    };
    let text = Text::new(&line[..line.len().min(TIME_BYTES)]);
    let marked = cleared(&text).clear;
    let text = bare(&marked);
    let mut found: Vec<Found> = clocks(&text, &marked, zone, told);
    found.extend(epochs(&text));
    found.sort_by_key(|one| one.start);
    let places: Vec<usize> = found.iter().map(|one| one.start).collect();
    let paths = keys::around(&text, &places);
    let said = if found.is_empty() {
        None
    } else {
        stated(&text)
    };
    let is_only = found.iter().filter(|one| one.parts.is_some()).count() == 1;
    let ranked = found.iter().zip(&paths);
    let ranked: Vec<(Rank, Found)> = ranked
        .filter_map(|(one, path)| {
            let key = keys::before(&text, one.start);
            let is_of_key = !key.is_word && says_time(&key);
            let one = match said.filter(|_| one.is_pair || is_only || is_of_key) {
                Some(said) => one.by(said, zone, told),
                None => *one,
            };
            Some((rank(&key, path, &text[..one.start])?, one))
        })
        .collect();
    let (rank, best) = ranked.iter().min_by_key(|(rank, _)| *rank).copied()?;
    let moment = best.moment?;
    if says_end(&text, &best, "first", Pair::First)
        && found
            .iter()
            .any(|one| says_end(&text, one, "last", Pair::Last))
    {
        // When something was first seen, and when last: neither is the time of the line.
        return None;
    }
    let mut others = ranked.iter().filter_map(|(_, one)| one.moment);
    match moment.value {
        Value::Yearless(bare) => Some(
            others
                .find(|other| is_near(bare, *other, zone))
                .unwrap_or(moment),
        ),
        Value::Known(_) if rank <= Rank::Own && moment.local => {
            Some(in_stated_zone(&best, &ranked).unwrap_or(moment))
        }
        Value::Known(_) => Some(moment),
    }
}

/// Whether a time is called the first or the last one.
fn says_end(text: &[u8], one: &Found, word: &str, end: Pair) -> bool {
    let key = keys::before(text, one.start);
    let said = &key.words[key.words.len().saturating_sub(3)..];
    let is_end = |two: &[String]| pair(&two[0], &two[1]) == Some(end);
    said.iter().any(|other| other == word) || said.windows(2).any(is_end)
}

/// A message's own time in the zone that the record round it states, if both are the same moment there.
fn in_stated_zone(best: &Found, others: &[(Rank, Found)]) -> Option<Moment> {
    let parts = best.parts?;
    others.iter().find_map(|(_, other)| {
        let Value::Known(outer) = other.moment?.value else {
            return None;
        };
        let moved = parts.moment(Some(other.own?), &TimeZone::UTC)?;
        let Value::Known(inner) = moved.value else {
            return None;
        };
        ((inner - outer).abs() <= SAME_MOMENT).then_some(moved)
    })
}

/// How good a time is; None for the date of a certificate, an uptime and the like.
fn rank(key: &Key, path: &Path, before: &[u8]) -> Option<Rank> {
    let mut said = &key.words[..];
    let mut further = said;
    if key.is_word {
        while let [rest @ .., last] = said
            && !rest.is_empty()
            && FILLERS.contains(&last.as_str())
        {
            said = rest;
        }
        further = &said[said.len().saturating_sub(3)..];
        said = &said[said.len().saturating_sub(2)..];
    }
    let nearest = if key.is_word {
        &said[said.len().saturating_sub(1)..]
    } else {
        said
    };
    let around = || path.iter().flatten();
    let is_never = |word: &String| NEVER.contains(&word.as_str());
    let begins = |word: &String| NEVER_BEGINS.iter().any(|w| word.starts_with(w));
    if said.iter().chain(around()).any(begins) || nearest.iter().chain(around()).any(is_never) {
        return None;
    }
    let is_changed =
        |word: &String| NEVER_NEAR.contains(&word.as_str()) || word.starts_with("updat");
    if nearest.iter().any(is_changed) {
        return None;
    }
    let has = |what: Pair| {
        said.windows(2)
            .any(|two| pair(&two[0], &two[1]) == Some(what))
    };
    let mut is_event = is_event(nearest) || has(Pair::Event);
    let mut all = further.windows(2);
    let is_changed = all.any(|two| pair(&two[0], &two[1]) == Some(Pair::Never));
    if is_changed || (has(Pair::Last) && !is_event) {
        return None;
    }
    let is_later = |word: &String| {
        INGEST_BEGINS.iter().any(|w| word.starts_with(w)) || word.contains("receiv")
    };
    // `nhận` (received), and not `ghi nhận` (recorded).
    if nearest.iter().any(is_later) || said == ["nhan"] || has(Pair::Received) {
        return Some(Rank::Ingest);
    }
    let is_logged = |word: &String| LOGGED_WORDS.contains(&word.as_str());
    let is_sent = said.last().is_some_and(|word| word == "gui");
    if nearest.iter().any(is_logged) || has(Pair::Logged) || is_sent {
        return Some(Rank::Logged);
    }
    // When something was first or last seen is not when this was.
    let is_end = |word: &String| word == "first" || word == "last";
    is_event &= !has(Pair::First) && !has(Pair::Last) && !said.iter().any(is_end);
    let is_of_key = !key.is_word && says_time(key);
    let in_message = path
        .first()
        .and_then(|words| words.last())
        .is_some_and(|word| MESSAGE.contains(&word.as_str()));
    let is_head = || MESSAGE_HEAD.is_match(&before[before.len().saturating_sub(LONGEST_HEAD)..]);
    Some(if in_message && (is_of_key || is_head()) {
        if is_event { Rank::OwnEvent } else { Rank::Own }
    } else if is_event {
        Rank::Event
    } else if key.is_word || key.words.is_empty() || is_of_key {
        Rank::Alone
    } else {
        Rank::Other
    })
}

/// `event_time`, `detected`, `occurred_at`; but `event.created` is when it was written down.
fn is_event(nearest: &[String]) -> bool {
    let begins = |word: &String| EVENT_BEGINS.iter().any(|w| word.starts_with(w));
    let Some(last) = nearest.last().filter(|_| nearest.iter().any(begins)) else {
        return false;
    };
    begins(last)
        || RECORD.contains(&last.as_str())
        || ["at", "on", "utc", "gmt", "local"].contains(&last.as_str())
        || RECORD_ENDS.iter().any(|end| last.ends_with(end))
}

fn says_time(key: &Key) -> bool {
    let Some(last) = key.words.last() else {
        return false;
    };
    let before = key
        .words
        .len()
        .checked_sub(2)
        .map(|at| key.words[at].as_str());
    RECORD.contains(&last.as_str())
        || RECORD_ENDS.iter().any(|end| last.ends_with(end))
        || (before == Some("thoi") && matches!(last.as_str(), "gian" | "diem"))
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
                moment: Some(Moment {
                    value: Value::Known(micros as i64),
                    local: false,
                }),
                ..Found::unknown(start, stop)
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
    let found = at_clock(line, None, &clock, &TimeZone::UTC, Told::default())?;
    if found.start != at && found.start != begin {
        return None;
    }
    let end = HEAD_END.find(&line[found.end..])?;
    Some(found.end + end.len())
}
