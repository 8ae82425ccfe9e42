//! What the key before an address says of it (docs/log-formats.md 6).
use std::collections::HashMap;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::line::clocks::expression;
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
const SOURCE: [&str; 11] = [
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
const WRITER: [&str; 28] = [
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
];
const WRITER_BEGINS: [&str; 5] = ["hostip", "hostname", "device", "agent", "proxy"];

/// Vietnamese words of a key (máy tính, máy trạm, máy chủ, tường lửa, thiết bị), without their marks. A device that
/// stands in a key wrote the line, as `device=` does.
const PAIRS: [(&str, &str, Side); 10] = [
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
const MARKED: &str = "áàảãạăắằẳẵặâấầẩẫậéèẻẽẹêếềểễệíìỉĩịóòỏõọôốồổỗộơớờởỡợúùủũụưứừửữựýỳỷỹỵđ";
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
    pairs
        .flat_map(|(marked, letter)| {
            [
                (marked as u32, letter),
                (upper(marked) as u32, letter.to_ascii_uppercase()),
            ]
        })
        .collect()
});

/// A listed address behind these words came in: an attack, a login or a connection from it.
pub static INBOUND: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:(?:\A|[^a-z])(?:attacks?|attacked|scans?|scanned|scanning|portscan|probes?|probed|brute[ -]?force|flood",
        r"|intrusion|exploit|password|publickey|log[io]n|(?:invalid|illegal) user|failure|connections?|connected",
        r"|disconnect(?:ed)?|session|inbound|incoming|tan cong|quet cong|do quet|dang nhap|ket noi)",
        r"(?: [^ .,:;]{1,32}){0,5} (?:from|tu)(?: (?:ip|address|host|dia|chi)){0,3} \z",
        r"|(?:\A|[^a-z])(?:connection (?:closed|reset)|attacked|scanned|probed|exploited|targeted) by \z)"
    ))
});
pub static ATTACKS: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:\A (?:is |has |was |da |dang )?(?:attack|scann|prob|flood|exploit|tan cong|do quet",
        r"|quet cong))"
    ))
});
/// Who blocks, detects or reports is no client.
pub static TELLS: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:\A (?:has |have |da |dang |vua )?(?:block|den(?:y|ie)|drop|refus|reject|filter|detect|report|logged",
        r"|observ|saw|sees|alert|quarantin|prevent|sinkhol|resolved|answer|repli|forward|relay|chan|phat hien",
        r"|ghi nhan|canh bao|tu choi|bao cao|bao dong)[a-z]*(?P<passive> (?:from|by|boi))?(?:\z|[^0-9A-Za-z]))"
    ))
});
/// One byte a character: Vietnamese letters without their marks; any other character outside ASCII is a byte that
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
        ("chan" | "hien" | "nhan" | "bao" | "choi", "boi") => Some(Side::Other),
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

/// What the word right before an address says, without `=` or `:`.
pub fn near(key: &Key) -> Option<Side> {
    if let [.., first, second] = &key.words[..]
        && let Some(side) = near_pair(first, second)
    {
        return Some(side);
    }
    match key.words.last()?.as_str() {
        "from" | "src" | "source" | "client" | "nguon" | "tu" | "may" => Some(Side::Source),
        "to" | "dst" | "dest" | "destination" | "server" | "resolver" | "nameserver"
        | "upstream" | "target" | "dich" | "den" | "toi" => Some(Side::Destination),
        "gateway" | "gw" | "firewall" | "fw" | "router" | "sensor" | "collector" | "relay"
        | "via" | "through" | "forwarder" | "xlate" | "translated" | "mapped" | "snat" | "nat"
        | "version" | "ap" | "wlc" | "ids" | "waf" | "switch" | "appliance" | "controller"
        | "logger" | "syslog" | "reporter" => Some(Side::Other),
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
