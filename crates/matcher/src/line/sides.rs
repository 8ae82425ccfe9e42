//! What the key before an address says of it (docs/log-formats.md 6).
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
const SOURCE: [&str; 9] = [
    "from",
    "saddr",
    "sip",
    "cip",
    "caller",
    "requestor",
    "originator",
    "userip",
    "localip",
];
const SOURCE_BEGINS: [&str; 5] = ["src", "source", "client", "initiat", "requeste"];
const DESTINATION: [&str; 6] = ["to", "daddr", "dip", "dns", "ns", "receiver"];
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
    match key.words.last()?.as_str() {
        "from" | "src" | "source" | "client" => Some(Side::Source),
        "to" | "dst" | "dest" | "destination" | "server" | "resolver" | "nameserver"
        | "upstream" | "target" => Some(Side::Destination),
        "gateway" | "gw" | "firewall" | "fw" | "router" | "sensor" | "collector" | "relay"
        | "via" | "through" | "forwarder" | "xlate" | "translated" | "mapped" | "snat" | "nat"
        | "version" => Some(Side::Other),
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
        if DESTINATION.contains(&word.as_str()) || begins(word, &DESTINATION_BEGINS) {
            return Some(Side::Destination);
        }
        // Zeek's `orig_h`; W3C's `c-ip`; `user_ip`; `local_ip` of what runs on the machine itself.
        let is_own = matches!(word.as_str(), "c" | "user" | "local")
            && matches!(next, Some("ip" | "addr" | "address"));
        if (word == "orig" && next.is_some()) || is_own {
            return Some(Side::Source);
        }
    }
    let is_writer = |w: &String| {
        WRITER.contains(&w.as_str())
            || w == "origin"
            || begins(w, &WRITER_BEGINS)
            || w.ends_with("version")
    };
    words.iter().any(is_writer).then_some(Side::Other)
}
