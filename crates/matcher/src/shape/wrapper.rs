//! What a collector puts round a line: heads, records and rows of a table, peeled in at most three layers
//! (docs/log-formats.md 1).
use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::{Captures, Regex, RegexBuilder};

use crate::canonical::address;
use crate::format::Part;
use crate::shape::envelope::{self, Envelope};
use crate::shape::json;
use crate::time::{TimeKind, zones};

const LAYERS: usize = 3;
/// Bytes before the first comma in which the head of a row is looked for.
const ROW_HEAD: usize = 512;
/// Kinds of time that a wrapper may show.
pub const TIME_KINDS: [TimeKind; 8] = [
    TimeKind::Iso8601,
    TimeKind::Syslog,
    TimeKind::Ctime,
    TimeKind::Epoch,
    TimeKind::EpochAuto,
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
    let time = concat!(
        r"(?:\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:[Zz]|[+-]\d\d(?::?\d\d)?))?",
        r"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d",
        r"|\d{4} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d",
        r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}",
        r"|[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d)",
    );
    let zone = zones::all().collect::<Vec<&str>>().join("|");
    let zone = format!(r"(?:(?:\.\d+)? (?:{zone}))?");
    expression(&format!(
        r"(?P<time>{time}{zone})(?:\.\d+)?:?(?: {{1,3}}|\t)"
    ))
});
/// `journalctl -o short-full`; a time with a zone of several meanings is none.
static FULL: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"[A-Z][a-z]{2} (?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? ",
        r"(?:[A-Z]{3,5}|[+-]\d\d(?:\d\d)?)) ",
    ))
});
static PRIORITY: LazyLock<Regex> = LazyLock::new(|| expression(r"(?:\d{1,6} )?<\d{1,3}> {0,2}"));
static HOST: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"(?:(?:stdout|stderr) [FP]|(?P<host>[^\s\[\]"{(=<>]*[^\s\[\]"{(=<>:,])) "#)
});
static TAG: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"(?P<app>[^\s\[\]:={<"(][^\s\[\]:=]*)(?:\[[^\]\s]*\])?: ?"#));
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

/// Where Wazuh's archives.log says that a line came from: `(agent) via->place `.
static WAZUH: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"(?:\((?P<agent>[^()]{1,255})\) )?(?P<via>[^\s>]{1,255})->(?P<place>\S{1,1024}) ")
});
/// The address that a forwarder puts before a line, as an endpoint or with a colon, too.
static SENDER: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"\[?(?P<word>[0-9A-Fa-f:.]{2,52})(?P<port>\]:\d{1,5}|\])?:? {1,3}[^\s]")
});
static WORD: LazyLock<Regex> = LazyLock::new(|| expression(r#"(?P<word>[^\s"{}=<>]{1,255})\t"#));
/// Words between tabs that may stand behind a time: the tag of fluentd, the sender, a level.
const WORDS: usize = 3;

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

/// Peeled texts, and for each whether it stood in a record of JSON.
type Layers<'l> = (Vec<Peeled<'l>>, Vec<bool>);

/// All ways to read a line: as it is, then peeled from the outside to the inside. Peels when first asked.
#[derive(Debug)]
pub struct Readings<'l> {
    pub line: &'l [u8],
    peeled: OnceCell<Layers<'l>>,
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
        let (all, _) = self.peeled.get_or_init(|| peel_all(self.line));
        all.get(at).map(|(text, wrapper)| (&**text, Some(wrapper)))
    }

    /// The line, and the texts inside it.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        (0..).map_while(|n| self.get(n)).map(|(text, _)| text)
    }

    /// The texts that stood in a record of JSON, the innermost first.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let (all, are_messages) = self.peeled.get_or_init(|| peel_all(self.line));
        let both = all.iter().zip(are_messages).rev();
        both.filter(|(_, is)| **is).map(|((text, _), _)| &**text)
    }

    /// Who sent the line, by the word of each layer.
    pub fn hosts(&self) -> impl Iterator<Item = &[u8]> {
        let (all, _) = self.peeled.get_or_init(|| peel_all(self.line));
        all.iter()
            .filter_map(|(_, wrapper)| wrapper.host.as_deref())
    }

    /// What stands round the innermost text, where a time of ISO 8601 with a `T` stands before the first comma.
    pub fn head_of_row(&self) -> Option<&Wrapper> {
        let row = self.line;
        let cell = &row[..memchr::memchr(b',', row).unwrap_or(row.len()).min(ROW_HEAD)];
        let mut around = cell.windows(3);
        if !around.any(|w| w[1] == b'T' && w[0].is_ascii_digit() && w[2].is_ascii_digit()) {
            return None;
        }
        let (all, _) = self.peeled.get_or_init(|| peel_all(self.line));
        all.last().map(|(_, wrapper)| wrapper)
    }

    /// Texts that are no part of the line as it stands: their escapes were undone.
    pub fn unescaped(&self) -> impl Iterator<Item = &[u8]> {
        let peeled = (1..).map_while(|n| self.get(n)).map(|(text, _)| text);
        peeled.filter(|text| memmem::find(self.line, text).is_none())
    }
}

fn peel_all(line: &[u8]) -> Layers<'_> {
    let mut all = peel(line);
    let mut are_messages = vec![is_record(line); all.len()];
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
        are_messages.resize(all.len() + inner.len(), is_record(text));
        all.extend(inner);
    }
    (all, are_messages)
}

fn is_record(text: &[u8]) -> bool {
    text.first() == Some(&b'{')
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
    if is_record(text) {
        let found = json::object(text);
        return found.as_ref().map_or_else(Vec::new, peel_json);
    }
    let found = peel_head(text);
    if found.is_empty() {
        return peel_row(text);
    }
    found
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
    let time = word(&found, "time")?;
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
fn peel_head(line: &[u8]) -> Vec<Peeled<'_>> {
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
    if priority.is_some() && line[at..].starts_with(b"1 ") && moment(&line[at + 2..]).is_some() {
        // Forwarders write the version and the time of RFC 5424 and leave out what follows the host.
        at += 2;
    }
    let mut out = Vec::new();
    let mut wrapper = Wrapper::default();
    if let Some((time, rest)) = moment(&line[at..]) {
        let is_wazuh = time.get(4) == Some(&b' ') && time[0].is_ascii_digit();
        wrapper.times = vec![time];
        behind_time(line, line.len() - rest.len(), is_wazuh, wrapper, &mut out);
        return out;
    }
    let sender = sender(&line[at..]);
    if priority.is_some() {
        out.push((Cow::Borrowed(&line[at..]), wrapper.clone()));
    } else if sender.is_none() {
        let Some(found) = BARE_TAG.captures(line) else {
            return out;
        };
        wrapper.app = word(&found, "app");
        out.push((Cow::Borrowed(&line[found[0].len()..]), wrapper));
        return out;
    }
    if let Some((host, used)) = sender {
        wrapper.host = Some(host.to_vec());
        at += used;
        out.push((Cow::Borrowed(&line[at..]), wrapper.clone()));
    }
    tagged(line, at, wrapper, &mut out);
    out
}

fn behind_time<'l>(
    line: &'l [u8],
    mut at: usize,
    is_wazuh: bool,
    mut wrapper: Wrapper,
    out: &mut Vec<Peeled<'l>>,
) {
    out.push((Cow::Borrowed(&line[at..]), wrapper.clone()));
    if line[at - 1] == b'\t' {
        for _ in 0..WORDS {
            let Some(found) = WORD.captures(&line[at..]) else {
                break;
            };
            at += found[0].len();
            if wrapper.host.is_none() && address::parse_bare(&found["word"]).is_some() {
                wrapper.host = word(&found, "word");
            }
            out.push((Cow::Borrowed(&line[at..]), wrapper.clone()));
        }
    } else if let Some((host, used)) = behind_time_host(&line[at..], is_wazuh) {
        wrapper.host = host.map(<[u8]>::to_vec);
        at += used;
        out.push((Cow::Borrowed(&line[at..]), wrapper.clone()));
    }
    tagged(line, at, wrapper, out);
}

/// The host behind a time, and the bytes that it takes; none for the words of a container runtime.
fn behind_time_host(text: &[u8], is_wazuh: bool) -> Option<(Option<&[u8]>, usize)> {
    if is_wazuh && let Some(found) = WAZUH.captures(text) {
        let part = |name| found.name(name).map(|m| m.as_bytes());
        let place = part("place").filter(|place| address::parse_bare(place).is_some());
        let host = part("agent").or(place).or_else(|| part("via"));
        return Some((host, found[0].len()));
    }
    if let Some(found) = HOST.captures(text) {
        return Some((found.name("host").map(|m| m.as_bytes()), found[0].len()));
    }
    sender(text).map(|(host, used)| (Some(host), used))
}

/// The text behind the tag, unless another head begins there: its hour would pass for a tag.
fn tagged<'l>(line: &'l [u8], at: usize, mut wrapper: Wrapper, out: &mut Vec<Peeled<'l>>) {
    let rest = &line[at..];
    if wrapper.host.is_some() && (moment(rest).is_some() || sender(rest).is_some()) {
        return;
    }
    if let Some(found) = TAG.captures(rest) {
        wrapper.app = found.name("app").map(|m| m.as_bytes().to_vec());
        out.push((Cow::Borrowed(&line[at + found[0].len()..]), wrapper));
    }
}

/// The address that a forwarder puts before a line, and where the line begins.
fn sender(text: &[u8]) -> Option<(&[u8], usize)> {
    let first = text.first()?;
    if !first.is_ascii_hexdigit() && !matches!(first, b':' | b'[') {
        return None;
    }
    let found = SENDER.captures(text)?;
    let word = found.name("word")?.as_bytes();
    let is_closed = found.name("port").is_some();
    if is_closed != (*first == b'[') {
        return None;
    }
    let is_address = |word: &&[u8]| address::parse_bare(word).is_some();
    let used = found[0].len() - 1;
    if is_closed {
        return Some(word).filter(is_address).map(|host| (host, used));
    }
    // `2001:db8::9:` ends in a colon of the address or of the forwarder.
    let bare = word.strip_suffix(b":").unwrap_or(word);
    let endpoint = memchr::memchr(b':', bare).map(|colon| (&bare[..colon], &bare[colon + 1..]));
    let is_port =
        |port: &[u8]| (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit);
    let host = endpoint
        .filter(|(_, port)| is_port(port))
        .map(|(host, _)| host);
    let mut hosts = [Some(word), Some(bare), host].into_iter().flatten();
    hosts.find(is_address).map(|host| (host, used))
}

/// The line in a cell of a table, and the first time beside it.
fn peel_row(line: &[u8]) -> Vec<Peeled<'_>> {
    let Some((text, beside)) = envelope::row(line) else {
        return Vec::new();
    };
    let time = beside.iter().find_map(|cell| {
        let spaced = [cell, &b" "[..]].concat();
        moment(&spaced)
            .filter(|(_, rest)| rest.is_empty())
            .map(|(time, _)| time)
    });
    let wrapper = Wrapper {
        times: time.into_iter().collect(),
        ..Wrapper::default()
    };
    vec![(text, wrapper)]
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

fn peel_json<'l>(found: &json::Object<'l>) -> Vec<Peeled<'l>> {
    let Some(Envelope {
        text,
        is_object,
        times,
        host,
        app,
    }) = envelope::read(found)
    else {
        return Vec::new();
    };
    let wrapper = Wrapper { times, host, app };
    if is_object {
        return vec![(text, wrapper)];
    }
    named(text, wrapper)
}
