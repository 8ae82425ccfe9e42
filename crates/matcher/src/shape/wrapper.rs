//! What a collector puts round a line: syslog headers and JSON records, peeled in at most two layers
//! (docs/log-formats.md 1).
use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::{Captures, Regex, RegexBuilder};

use crate::format::Part;
use crate::shape::json::{self, Object, Value};
use crate::time::TimeKind;

const LAYERS: usize = 2;
/// Kinds of time that a wrapper may show.
pub const TIME_KINDS: [TimeKind; 8] = [
    TimeKind::Iso8601,
    TimeKind::Syslog,
    TimeKind::Ctime,
    TimeKind::Epoch,
    TimeKind::EpochMicros,
    TimeKind::Asa,
    TimeKind::Slash,
    TimeKind::Utc,
];

fn expression(text: &str) -> Regex {
    RegexBuilder::new(&format!(r"\A(?:{text})"))
        .unicode(false)
        .build()
        .expect("a constant expression")
}

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?P<time>\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:[Zz]|[+-]\d\d(?::?\d\d)?))?",
        r"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d",
        r"|\d{4} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d",
        r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}",
        r"|[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d)(?:\.\d+)?:? {1,3}",
    ))
});
/// `journalctl -o short-full`; a zone's name that has more than one meaning says nothing.
static FULL: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"[A-Z][a-z]{2} (?:(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:UTC|GMT|[+-]\d\d(?:\d\d)?))",
        r"|(?P<local>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) [A-Z]{3,5}) ",
    ))
});
static PRIORITY: LazyLock<Regex> = LazyLock::new(|| expression(r"(?:\d{1,6} )?<\d{1,3}> {0,2}"));
static HOST: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"(?:(?:stdout|stderr) [FP]|(?P<host>[^\s\[\]"{(=<>]*[^\s\[\]"{(=<>:,])) "#)
});
static TAG: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?P<app>[^\s\[\]:=]+)(?:\[[^\]\s]*\])?: ?"));
static BARE_TAG: LazyLock<Regex> =
    LazyLock::new(|| expression(r"(?P<app>[A-Za-z_][A-Za-z0-9_.-]*)\[\d+\]: "));
static RFC5424: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"1 (?P<time>-|\d{4}-\d\d-\d\dT\S+) (?P<host>\S+) (?P<app>\S+) \S+ \S+ ",
        r#"(?:-|(?:\[[^\]"]*(?:"(?:[^"\\]|\\.)*"[^\]"]*)*\])+)(?: (?:\xef\xbb\xbf)?|\z)"#,
    ))
});

static KIWI: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\t[A-Z][A-Za-z0-9]{1,15}\.[A-Z][a-z]{1,15}\t",
        r#"(?P<host>[^\s\[\]"{(=<>]{1,255})\t"#,
    ))
});

/// What `docker compose logs` puts before a line.
static COMPOSE: LazyLock<Regex> =
    LazyLock::new(|| expression(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127} +\| "));

const MESSAGE_KEYS: [&str; 8] = [
    "log",
    "message",
    "MESSAGE",
    "msg",
    "full_log",
    "_raw",
    "short_message",
    "line",
];
const TIME_KEYS: [&str; 9] = [
    "time",
    "@timestamp",
    "timestamp",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
    "date",
    "ts",
    "_time",
    "timereported",
];
const HOST_KEYS: [&str; 3] = ["_HOSTNAME", "hostname", "host"];
const APP_KEYS: [&str; 8] = [
    "SYSLOG_IDENTIFIER",
    "program",
    "appname",
    "app",
    "tag",
    "programname",
    "app-name",
    "ident",
];

/// The words of the layers that were peeled, the inner layer before the outer; `times` holds the times of all layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrapper {
    pub times: Vec<Vec<u8>>,
    pub host: Option<Vec<u8>>,
    pub app: Option<Vec<u8>>,
}

impl Wrapper {
    /// The values of a part.
    pub fn all(&self, part: Part) -> impl Iterator<Item = &[u8]> {
        let (times, word) = match part {
            Part::Time => (&self.times[..], &None),
            Part::Host => (&[][..], &self.host),
            Part::App => (&[][..], &self.app),
        };
        times.iter().chain(word).map(Vec::as_slice)
    }

    /// This layer's own words, or those of the layer round it where this layer has none.
    fn inside(mut self, outer: &Wrapper) -> Wrapper {
        self.times.extend_from_slice(&outer.times);
        Wrapper {
            times: self.times,
            host: self.host.or_else(|| outer.host.clone()),
            app: self.app.or_else(|| outer.app.clone()),
        }
    }
}

/// A text inside a line, and the wrapper round it.
type Peeled<'l> = (Cow<'l, [u8]>, Wrapper);

/// All ways to read a line: as it is, then peeled from the outside to the inside. Peels when first asked.
#[derive(Debug)]
pub struct Readings<'l> {
    pub line: &'l [u8],
    peeled: OnceCell<Vec<Peeled<'l>>>,
}

impl<'l> Readings<'l> {
    pub fn new(line: &'l [u8]) -> Self {
        Readings {
            line,
            peeled: OnceCell::new(),
        }
    }

    /// The reading of that number, 0 being the line as it is.
    pub fn get(&self, number: usize) -> Option<(&[u8], Option<&Wrapper>)> {
        let Some(at) = number.checked_sub(1) else {
            return Some((self.line, None));
        };
        let all = self.peeled.get_or_init(|| peel_all(self.line));
        all.get(at).map(|(text, wrapper)| (&**text, Some(wrapper)))
    }

    /// The line, and the texts inside it.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        (0..).map_while(|n| self.get(n)).map(|(text, _)| text)
    }

    /// Texts that are no part of the line as it stands: their escapes were undone.
    pub fn unescaped(&self) -> impl Iterator<Item = &[u8]> {
        let peeled = (1..).map_while(|n| self.get(n)).map(|(text, _)| text);
        peeled.filter(|text| memmem::find(self.line, text).is_none())
    }
}

fn peel_all(line: &[u8]) -> Vec<Peeled<'_>> {
    let mut all = peel(line);
    for _ in 1..LAYERS {
        let Some((text, outer)) = all.last() else {
            break;
        };
        let inner: Vec<Peeled<'_>> = peel(text)
            .into_iter()
            .map(|(text, wrapper)| (Cow::Owned(text.into_owned()), wrapper.inside(outer)))
            .collect();
        if inner.is_empty() {
            break;
        }
        all.extend(inner);
    }
    all
}

fn peel(text: &[u8]) -> Vec<Peeled<'_>> {
    if memchr::memchr(0, text).is_some() {
        let text = behind_hole(text);
        if text.is_empty() {
            return Vec::new();
        }
        let mut found = vec![(Cow::Borrowed(text), Wrapper::default())];
        found.extend(peel_whole(text));
        return found;
    }
    peel_whole(text)
}

/// The text behind the zeros that a power cut left in a line.
pub fn behind_hole(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
    let start = memchr::memrchr(0, &text[..end]).map_or(0, |i| i + 1);
    &text[start..end]
}

fn peel_whole(text: &[u8]) -> Vec<Peeled<'_>> {
    if text.first() == Some(&b'{') {
        json::object(text).map_or_else(Vec::new, peel_json)
    } else {
        peel_syslog(text)
    }
}

fn word(found: &Captures<'_>, name: &str) -> Option<Vec<u8>> {
    found
        .name(name)
        .map(|m| m.as_bytes().to_vec())
        .filter(|w| w != b"-")
}

/// The time at the beginning of a text, and the rest of the text.
fn moment(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let begin = line.first()?;
    // Most lines have no time, and an expression takes longer to say so than a byte.
    if !begin.is_ascii_digit() && !begin.is_ascii_uppercase() {
        return None;
    }
    let full = || FULL.captures(line).filter(|_| line.get(3) == Some(&b' '));
    let found = TIME.captures(line).or_else(full)?;
    let time = word(&found, "time").or_else(|| word(&found, "local"))?;
    Some((padded(time), &line[found[0].len()..]))
}

/// `Mar 8` of senders that leave out the second space of RFC 3164, 4.1.2, with it.
fn padded(mut time: Vec<u8>) -> Vec<u8> {
    let with_year = time.first().is_some_and(u8::is_ascii_digit);
    let day = if with_year { 9 } else { 4 };
    let is_spelled = time.get(day - 4).is_some_and(u8::is_ascii_uppercase);
    if is_spelled && time.get(day - 1) == Some(&b' ') && time.get(day + 1) == Some(&b' ') {
        time.insert(day, b' ');
    }
    time
}

/// What follows the priority, the time, the host and the tag: each may be where a format begins.
fn peel_syslog(line: &[u8]) -> Vec<Peeled<'_>> {
    // Most lines are neither, and an expression takes longer to say so than a byte.
    if line.get(19) == Some(&b'\t')
        && let Some(found) = KIWI.captures(line)
    {
        let wrapper = Wrapper {
            times: word(&found, "time").into_iter().collect(),
            host: word(&found, "host"),
            app: None,
        };
        return vec![(Cow::Borrowed(&line[found[0].len()..]), wrapper)];
    }
    if memchr::memchr(b'|', line).is_some()
        && let Some(found) = COMPOSE.find(line)
    {
        return vec![(Cow::Borrowed(&line[found.end()..]), Wrapper::default())];
    }
    let priority = PRIORITY.find(line).map(|m| m.end());
    let mut at = priority.unwrap_or(0);
    if let Some(found) = RFC5424.captures(&line[at..]) {
        let wrapper = Wrapper {
            times: word(&found, "time").into_iter().collect(),
            host: word(&found, "host"),
            app: word(&found, "app"),
        };
        return named(Cow::Borrowed(&line[at + found[0].len()..]), wrapper);
    }
    let found = moment(&line[at..]);
    let mut wrapper = Wrapper::default();
    if priority.is_none() && found.is_none() {
        let Some(found) = BARE_TAG.captures(line) else {
            return Vec::new();
        };
        wrapper.app = word(&found, "app");
        return vec![(Cow::Borrowed(&line[found[0].len()..]), wrapper)];
    }
    let has_time = found.is_some();
    if let Some((time, rest)) = found {
        wrapper.times = vec![time];
        at = line.len() - rest.len();
    }
    let mut out = vec![(Cow::Borrowed(&line[at..]), wrapper.clone())];
    if has_time && let Some(found) = HOST.captures(&line[at..]) {
        wrapper.host = found.name("host").map(|m| m.as_bytes().to_vec());
        at += found[0].len();
        out.push((Cow::Borrowed(&line[at..]), wrapper.clone()));
    }
    // The head of a relay: behind it another head begins, whose hour would be a tag.
    if wrapper.host.is_some() && moment(&line[at..]).is_some() {
        return out;
    }
    if let Some(found) = TAG.captures(&line[at..]) {
        wrapper.app = found.name("app").map(|m| m.as_bytes().to_vec());
        at += found[0].len();
        out.push((Cow::Borrowed(&line[at..]), wrapper));
    }
    out
}

/// The text behind the tag that classic syslog would show, then the bare text.
/// rsyslog keeps the space behind a tag as the first character of the message and writes it on.
fn named(text: Cow<'_, [u8]>, wrapper: Wrapper) -> Vec<Peeled<'_>> {
    let text = match text {
        Cow::Borrowed([b' ', rest @ ..]) if rest.first() != Some(&b' ') => Cow::Borrowed(rest),
        Cow::Owned(text) if text.first() == Some(&b' ') && text.get(1) != Some(&b' ') => {
            Cow::Owned(text[1..].to_vec())
        }
        text => text,
    };
    if text.is_empty() {
        return Vec::new();
    }
    let tagged = wrapper.app.as_ref().map(|app| {
        let tagged = [app, &b": "[..], &text].concat();
        (Cow::Owned(tagged), wrapper.clone())
    });
    tagged.into_iter().chain([(text, wrapper)]).collect()
}

fn peel_json(found: Object<'_>) -> Vec<Peeled<'_>> {
    let first = |keys: &[&str]| {
        let mut values = keys.iter().filter_map(|key| found.get(key.as_bytes()));
        values.find_map(|value| match value {
            Value::Text(text) if !text.is_empty() => Some(text.to_vec()),
            _ => None,
        })
    };
    let wrapper = Wrapper {
        times: first(&TIME_KEYS).into_iter().collect(),
        host: first(&HOST_KEYS),
        app: first(&APP_KEYS),
    };
    let mut messages = MESSAGE_KEYS
        .iter()
        .filter_map(|key| message(found.get(key.as_bytes())?));
    let Some(text) = messages.next() else {
        return Vec::new();
    };
    let end = text
        .iter()
        .rposition(|b| !matches!(b, b'\r' | b'\n'))
        .map_or(0, |i| i + 1);
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    };
    named(text, wrapper)
}

/// A message: a string, or the bytes that journald writes one by one where they are not UTF-8.
fn message<'l>(value: &Value<'l>) -> Option<Cow<'l, [u8]>> {
    let text = match value {
        Value::Text(text) => text.clone(),
        Value::Array(items) => {
            let byte = |item: &Value<'_>| match item {
                Value::Text(digits) if digits.len() <= 3 => {
                    let digits = digits.iter().all(u8::is_ascii_digit).then_some(digits)?;
                    std::str::from_utf8(digits).ok()?.parse::<u8>().ok()
                }
                _ => None,
            };
            Cow::Owned(items.iter().map(byte).collect::<Option<Vec<u8>>>()?)
        }
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
