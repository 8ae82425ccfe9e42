//! What the key before an address says of it (docs/log-formats.md 6).
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::line::keys::{Key, Path};

/// The side of an address in what a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Source,
    Destination,
    /// The sender of the log, a network, an address after translation: no machine of this line.
    Other,
}

const TRANSLATED: [&str; 5] = ["nat", "natted", "tran", "trans", "gaddr"];
const TRANSLATED_BEGINS: [&str; 11] = [
    "natsrc", "natdst", "natip", "natport", "xlat", "translat", "transip", "snat", "dnat",
    "postnat", "mapped",
];
const SENDER: [&str; 36] = [
    "log",
    "syslog",
    "logger",
    "loghost",
    "logsource",
    "logserver",
    "collector",
    "forwarder",
    "relay",
    "fromhost",
    "sender",
    "reporter",
    "reporting",
    "sensor",
    "exporter",
    "gl2",
    "gateway",
    "gw",
    "nas",
    "nasip",
    "router",
    "nexthop",
    "hop",
    "mgmt",
    "management",
    "manager",
    "appliance",
    "controller",
    "fw",
    "fwip",
    "firewall",
    "dvc",
    "dvcip",
    "devip",
    "devname",
    "deviceip",
];
const SENDER_MORE: [&str; 2] = ["via", "through"];
const SENDER_BEGINS: [&str; 4] = ["originip", "originsic", "observ", "version"];
const SOURCE: [&str; 12] = [
    "from",
    "saddr",
    "sip",
    "cip",
    "caller",
    "requestor",
    "originator",
    "userip",
    "localip",
    "attacker",
    "nguon",
    "rhost",
];
const SOURCE_BEGINS: [&str; 5] = ["src", "source", "client", "initiat", "requeste"];
const DESTINATION: [&str; 9] = [
    "to", "daddr", "dip", "dns", "ns", "receiver", "dich", "den", "toi",
];
const DESTINATION_BEGINS: [&str; 12] = [
    "dst",
    "dest",
    "server",
    "srv",
    "target",
    "resp",
    "upstream",
    "resolv",
    "nameserver",
    "backend",
    "answer",
    "rdata",
];
const WRITER: [&str; 34] = [
    "dev",
    "beat",
    "node",
    "cluster",
    "interface",
    "iface",
    "intf",
    "ap",
    "wlc",
    "vip",
    "net",
    "network",
    "subnet",
    "netmask",
    "mask",
    "cidr",
    "range",
    "broadcast",
    "prefix",
    "route",
    "pool",
    "ver",
    "build",
    "firmware",
    "release",
    "revision",
    "orig",
    "host",
    "ids",
    "waf",
    "switch",
    "modem",
    "siem",
    "balancer",
];
const WRITER_BEGINS: [&str; 5] = ["hostip", "hostname", "device", "agent", "proxy"];

/// Vietnamese words of a key (máy tính, máy trạm, máy chủ, tường lửa, thiết bị), without their marks. A device that
/// stands in a key wrote the line, as `device=` does.
const PAIRS: [(&str, &str, Side); 17] = [
    ("may", "tinh", Side::Source),
    ("may", "tram", Side::Source),
    ("may", "khach", Side::Source),
    ("may", "con", Side::Source),
    ("dau", "cuoi", Side::Source),
    ("nguoi", "dung", Side::Source),
    ("may", "chu", Side::Destination),
    ("tuong", "lua", Side::Other),
    ("cam", "bien", Side::Other),
    ("thiet", "bi", Side::Other),
    ("access", "point", Side::Other),
    ("dinh", "tuyen", Side::Other),
    ("chuyen", "mach", Side::Other),
    ("phat", "song", Side::Other),
    ("cong", "ra", Side::Other),
    ("bi", "tan", Side::Destination),
    ("nan", "nhan", Side::Destination),
];
const TELLERS: [&str; 23] = [
    "reported",
    "blocked",
    "detected",
    "logged",
    "denied",
    "refused",
    "dropped",
    "rejected",
    "filtered",
    "seen",
    "observed",
    "resolved",
    "answered",
    "forwarded",
    "relayed",
    "prevented",
    "quarantined",
    "generated",
    "raised",
    "captured",
    "collected",
    "noticed",
    "found",
];
const REPORTS: [&str; 20] = [
    "log",
    "logs",
    "message",
    "messages",
    "alert",
    "alerts",
    "alarm",
    "report",
    "reports",
    "reported",
    "event",
    "events",
    "syslog",
    "trap",
    "notification",
    "notice",
    "warning",
    "forwarded",
    "relayed",
    "collected",
];
/// Words between what was received and `received`, and that word itself.
const BEEN: [&str; 7] = ["was", "is", "were", "been", "duoc", "received", "nhan"];
/// What a machine sends: `query received from`, `truy vấn nhận từ`. Anything else is a report of a device.
const ASKED: [&str; 15] = [
    "query",
    "queries",
    "request",
    "requests",
    "lookup",
    "question",
    "connection",
    "packet",
    "packets",
    "traffic",
    "call",
    "van",
    "cau",
    "noi",
    "tin",
];
const MARKED: &str = "áàảãạăắằẳẵặâấầẩẫậéèẻẽẹêếềểễệíìỉĩịóòỏõọôốồổỗộơớờởỡợúùủũụưứừửữựýỳỷỹỵđ";
const ARROWS: [(&str, u8); 2] = [("→⇒➔➜➝➞⟶⟹⇨", b'>'), ("←⇐⟵⟸⇦", b'<')];
const BARE: [(u8, usize); 7] = [
    (b'a', 17),
    (b'e', 11),
    (b'i', 5),
    (b'o', 17),
    (b'u', 11),
    (b'y', 5),
    (b'd', 1),
];

/// Each Vietnamese letter, with the same letter without its marks.
static LETTERS: LazyLock<HashMap<u32, u8>> = LazyLock::new(|| {
    let plain = BARE
        .iter()
        .flat_map(|&(letter, count)| std::iter::repeat_n(letter, count));
    let pairs = MARKED.chars().zip(plain);
    let upper = |c: char| c.to_uppercase().next().unwrap_or(c);
    let arrows = ARROWS
        .iter()
        .flat_map(|(signs, sign)| signs.chars().map(|c| (c as u32, *sign)));
    pairs
        .flat_map(|(marked, letter)| {
            [
                (marked as u32, letter),
                (upper(marked) as u32, letter.to_ascii_uppercase()),
            ]
        })
        .chain(arrows)
        .collect()
});

/// One byte a character: Vietnamese letters without their marks, `>` or `<` for arrows of one character; any other character outside ASCII is a byte that
/// no text in UTF-8 holds. Letters of several characters (not in the form NFC) are such characters too.
pub fn bare(chars: &[u32]) -> Vec<u8> {
    let byte = |c: u32| match c {
        0..0x80 => c as u8,
        _ => LETTERS.get(&c).copied().unwrap_or(0xFF),
    };
    chars.iter().map(|&c| byte(c)).collect()
}

fn pair_of(first: &str, second: &str) -> Option<Side> {
    let mut all = PAIRS.iter();
    all.find(|(a, b, _)| (*a, *b) == (first, second))
        .map(|(_, _, side)| *side)
}

/// What the two words right before an address say.
fn near_pair(first: &str, second: &str) -> Option<Side> {
    match (first, second) {
        ("thiet", "bi") => None,
        ("chan" | "hien" | "nhan" | "bao" | "choi" | "cao", "boi")
        | ("ky" | "bao" | "cao" | "kien", "tu") => Some(Side::Other),
        ("reply" | "replies" | "response" | "answer" | "answers", "from") | ("chu", "dns") => {
            Some(Side::Destination)
        }
        (word, "by") if TELLERS.contains(&word) => Some(Side::Other),
        (word, "from") if REPORTS.contains(&word) => Some(Side::Other),
        _ => pair_of(first, second),
    }
}

fn begins(word: &str, begins: &[&str]) -> bool {
    begins.iter().any(|begin| word.starts_with(begin))
}

/// Whether a key around an address says that it is one after translation.
pub fn translates(key: &Key, path: &Path) -> bool {
    let mut words = key.words.iter().chain(path.iter().flatten());
    words.any(|w| TRANSLATED.contains(&w.as_str()) || begins(w, &TRANSLATED_BEGINS))
}

/// What the words right before an address say, without `=` or `:`.
pub fn near(key: &Key) -> Option<Side> {
    let words: Vec<&str> = key.words.iter().map(String::as_str).collect();
    near_words(&words)
}

fn near_words(words: &[&str]) -> Option<Side> {
    let (&last, rest) = words.split_last()?;
    if matches!(last, "at" | "on" | "tai" | "tren") && !rest.is_empty() {
        // `server at`, `on the firewall at`; `at` after a source says nothing of the address.
        return near_words(rest).filter(|side| *side != Side::Source);
    }
    let before = rest.last().copied();
    if matches!(before, Some("received" | "nhan" | "duoc")) && matches!(last, "from" | "tu") {
        let said = |word: &&&str| !BEEN.contains(*word);
        let what = rest.iter().rev().find(said);
        let is_asked = what.is_some_and(|word| ASKED.contains(word));
        return Some(if is_asked { Side::Source } else { Side::Other });
    }
    if rest.ends_with(&["diem", "truy"]) && last == "cap" {
        return Some(Side::Other);
    }
    let through = words.iter().rposition(|word| *word == "qua");
    if let Some(at) = through.filter(|at| at + 2 >= words.len()) {
        // `hôm qua` is yesterday; `qua` is through.
        if at == 0 || words[at - 1] != "hom" {
            return Some(Side::Other);
        }
    }
    if let Some(side) = before.and_then(|first| near_pair(first, last)) {
        return Some(side);
    }
    match last {
        "from" | "src" | "source" | "client" | "nguon" | "tu" | "may" => Some(Side::Source),
        "to" | "dst" | "dest" | "destination" | "server" | "resolver" | "nameserver"
        | "upstream" | "target" | "dich" | "den" | "toi" => Some(Side::Destination),
        "gateway" | "gw" | "firewall" | "fw" | "router" | "sensor" | "collector" | "relay"
        | "via" | "through" | "forwarder" | "xlate" | "translated" | "mapped" | "snat" | "nat"
        | "version" | "ap" | "wlc" | "ids" | "waf" | "switch" | "appliance" | "controller"
        | "logger" | "syslog" | "reporter" | "proxy" | "node" | "modem" | "balancer" | "siem"
        | "manager" | "management" | "mgmt" => Some(Side::Other),
        _ => None,
    }
}

/// What a key says: the sender of the log first, then source and destination, then who wrote the line.
pub fn of_key(words: &[String]) -> Option<Side> {
    let is_sender = |w: &String| {
        SENDER.contains(&w.as_str())
            || SENDER_MORE.contains(&w.as_str())
            || begins(w, &SENDER_BEGINS)
    };
    if words.iter().any(is_sender) || words == ["origin"] {
        return Some(Side::Other);
    }
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).map(String::as_str);
        if SOURCE.contains(&word.as_str()) || begins(word, &SOURCE_BEGINS) {
            return Some(Side::Source);
        }
        let is_service = word == "dich" && next == Some("vu");
        if (DESTINATION.contains(&word.as_str()) && !is_service)
            || begins(word, &DESTINATION_BEGINS)
        {
            return Some(Side::Destination);
        }
        // Zeek's `orig_h`; W3C's `c-ip`; `user_ip`; `local_ip` of what runs on the machine itself.
        let is_own = matches!(word.as_str(), "c" | "user" | "local")
            && matches!(next, Some("ip" | "addr" | "address"));
        if (word == "orig" && next.is_some()) || is_own {
            return Some(Side::Source);
        }
    }
    let mut pairs = words.windows(2).map(|pair| pair_of(&pair[0], &pair[1]));
    if let Some(side) = pairs.find_map(|side| side) {
        return Some(side);
    }
    let is_attacker = |word: &str| matches!(word, "ip" | "chi" | "may" | "ke" | "nguon");
    if let [.., first, second, third] = words
        && (second.as_str(), third.as_str()) == ("tan", "cong")
        && is_attacker(first)
    {
        return Some(Side::Source);
    }
    if words == ["may"] {
        return Some(Side::Source);
    }
    let is_writer = |w: &String| {
        WRITER.contains(&w.as_str())
            || w == "origin"
            || begins(w, &WRITER_BEGINS)
            || w.ends_with("version")
    };
    words.iter().any(is_writer).then_some(Side::Other)
}
