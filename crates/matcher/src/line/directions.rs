//! The direction of a line of no known format: arrows, words for incoming connections, words for reporters
//! (docs/log-formats.md 6).
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::line::expressions::expression;
use crate::line::keys::Key;
use crate::line::places::Place;
use crate::line::sides::Side;

const LONGEST_GAP: usize = 100;
const TOLD_OF: [&str; 5] = ["for", "cho", "of", "cua", "user"];

static RIGHT: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:\]?(?:[.:#/](?P<port>[0-9]{1,5})|\((?P<inner>[0-9]{1,5})\))?(?: ?\([^()]{0,48}\))?[ \t]",
        r"{0,4}(?:-{1,3}|={1,3})?>{1,2}[ \t]{0,4}(?:[A-Za-z][0-9A-Za-z_-]{0,31}[:/])?\[?\z)",
    ))
});
static LEFT: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:\]?(?:[.:#/](?P<port>[0-9]{1,5})|\((?P<inner>[0-9]{1,5})\))?(?: ?\([^()]{0,48}\))?[ \t]",
        r"{0,4}<{1,2}(?:-{1,3}|={1,3})?[ \t]{0,4}(?:[A-Za-z][0-9A-Za-z_-]{0,31}[:/])?\[?\z)",
    ))
});
static BESIDE: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"\A(?:\]?(?:[.:#/](?P<port>[0-9]{1,5})|\((?P<inner>[0-9]{1,5})\))?[ \t]{1,4}\z)")
});
/// A listed address behind these words came in: an attack, a login or a connection from it.
static INBOUND: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:(?:\A|[^a-z])(?:attacks?|attacked|scans?|scanned|scanning|portscan|probes?|probed",
        r"|brute[ -]?force|flood|intrusion|exploit(?:ed)?|targeted|tan cong|quet|do quet|dang nhap",
        r"|khai thac|xam nhap|tham do|bi truy cap|accept(?:ed)?|password|publickey|log[io]n",
        r"|(?:invalid|illegal) user|failure|connections?|connected|disconnect(?:ed)?|session|inbound",
        r"|incoming|traffic|packets?|ket noi)(?: [^ .,:;]{1,32}){0,5} (?:from|tu)(?: (?:ip|address",
        r"|host|dia|chi)){0,3} \z|(?:\A|[^a-z])(?:attacks?|attacked|scans?|scanned|scanning|portscan",
        r"|probes?|probed|brute[ -]?force|flood|intrusion|exploit(?:ed)?|targeted|tan cong|quet",
        r"|do quet|dang nhap|khai thac|xam nhap|tham do|bi truy cap)(?: [^ .,:;]{1,32}){0,5} (?:by",
        r"|boi)(?: (?:ip|address|host|dia|chi)){0,3} \z|(?:\A|[^a-z])(?:log[io]n|authentication",
        r"|dang nhap) (?:fail(?:ed|ure)?|denied|refused|that bai)(?: [^ .,:;]{1,32}){0,2} (?:for",
        r"|cho) \z|(?:\A|[^a-z])connection (?:closed|reset) by \z|(?:\A|[^a-z])(?:(?:un)?ban(?:ned",
        r"|ning)?|attacker|intruder|offender|hacker|ke tan cong|tin tac)(?: (?:ip|address|host|dia",
        r"|chi)){0,3} \z)",
    ))
});
static ATTACKS: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:(?i: (?:is |has |was |da |dang )?(?:attack|scann|prob|flood|exploit|tan cong|do quet",
        r"|quet cong)))",
    ))
});
/// A listed address before these words is who called the address behind them.
static ENTERS: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:(?i: (?:has |have |da |dang |vua )?(?:connect(?:ed|s|ing)|access(?:ed|es|ing)",
        r"|log(?:ged|s|ging) in|truy cap|ket noi|dang nhap|xam nhap)(?: (?:to|into|on|toi|den|vao|may",
        r"|chu|tinh|tram|host|server|machine|ip|dia|chi)){0,4} \[?(?:[0-9]{1,3}\.[0-9]",
        r"|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:])))",
    ))
});
static FROM: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"(?i:(?:\A|[^a-z])(?:from|tu)(?: (?:ip|address|host|dia|chi)){0,3} \z)")
});
static TO: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:(?i: (?:to|into|toi|den|vao)(?: (?:ip|address|host|may|chu|tinh|tram|dia|chi|server",
        r"|machine)){0,3} \[?(?:[0-9]{1,3}\.[0-9]|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:])))",
    ))
});
/// A machine asked for what it gets.
static FETCHES: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"(?i:download|fetch|retriev|receiv|tai ve|tai xuong|reply|repl|respons|answer)")
});
static INWARD: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:(?:\A|[^0-9A-Za-z_])(?:inbound|incoming)(?P<what>[ _-]?(?:interface|intf|iface|if|zone",
        r"|port|bytes|packets|octets)|[0-9A-Za-z_-])?|(?:\A|[^0-9A-Za-z])(?:direction|dir|huong",
        r#"|chieu)["']?[=:] ?["']?(?:in|ingress|vao)(?:\z|[^0-9A-Za-z])|(?:\A|[^a-z])(?:ket noi"#,
        r"|luu luong|chieu|huong|di) vao(?:\z|[^a-z]))",
    ))
});
static OUTWARD: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"(?i:outbound|outgoing|(?:direction|dir)["']?[=:] ?["']?(?:out|egress))"#)
});
/// Before two addresses that stand beside each other: the first is the source.
static FILTERED: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:(?:\A|[^0-9A-Za-z])(?:tcp|udp|icmp|icmp6|icmpv6|drop(?:ped)?|den(?:y|ied)|block(?:ed)?",
        r"|reject(?:ed)?|accept(?:ed)?|allow(?:ed)?|permit(?:ted)?|pass(?:ed)?|discard(?:ed)?|chan",
        r"|cho phep|tu choi):? {1,4}\z)",
    ))
});
/// A reporter of a call, the place of the report, or a device on the way: no machine.
static TOLD: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:(?:\A|[^a-z])(?:(?:reported|blocked|detected|logged|denied|refused|dropped|rejected",
        r"|filtered|seen|observed|resolved|answered|forwarded|relayed|prevented|quarantined|generated",
        r"|raised|captured|collected|noticed|found|recorded|chan|hien|nhan|bao|choi|cao|dong|ghi)",
        r" (?:by|boi)(?: [^ .,:;]{1,32}){0,2}(?: (?:at|on|tai|tren))?|(?:blocked|denied|dropped",
        r"|rejected|refused|filtered|logged|reported|recorded|collected|captured|received|forwarded",
        r"|seen|chan|choi|nhan|ghi) (?:at|on|tai|tren)|(?:via",
        r"|through) [^ .,:;]{1,32}(?: [^ .,:;]{1,32}){0,2})(?: (?:ip|address|host",
        r#"|dia chi))? ?["'(\[]{0,2}\z|(?:\A|[^m] )qua(?: [^ .,:;]{1,32}){1,3} ?[(\[]\z)"#,
    ))
});
static CALLED_BY_NAME: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"(?i:(?:\A|[^a-z])(?:to|den|toi|server|may chu) [0-9A-Za-z_-]{1,32} ?[(\[]\z)")
});
static ASKS: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:(?i: (?:has |have |da |dang |vua )?(?:ask|quer|request|visit|access|connect|call",
        r"|tri(?:ed|es)|try|look|brows|download|open|GET|POST|HEAD|PUT|CONNECT|OPTIONS|truy|goi",
        r"|ket noi|hoi|tai)))",
    ))
});
/// A device that blocks, detects or reports is no client.
static TELLS: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:(?i: (?:has |have |da |dang |vua )?(?:block|den(?:y|ie)|drop|refus|reject|filter",
        r"|detect|report|logged|observ|saw|sees|alert|quarantin|prevent|sinkhol|resolved|answer|repli",
        r"|forward|relay|chan|phat hien|ghi nhan|canh bao|tu choi|bao cao",
        r"|bao dong)[a-z]*(?P<passive> (?:from|by|boi))?(?:\z|[^0-9A-Za-z])))",
    ))
});

/// The side of each address by the arrow between it and its neighbour; the arrow behind it comes first.
pub fn ways(line: &[u8], places: &[Place]) -> Vec<Option<Side>> {
    let mut found = vec![None; places.len()];
    for at in (1..places.len()).rev() {
        let gap = gap(line, places, at);
        if gap.len() > LONGEST_GAP || memchr::memchr2(b'<', b'>', gap).is_none() {
            continue;
        }
        let sides = if RIGHT.is_match(gap) {
            [Side::Source, Side::Destination]
        } else if LEFT.is_match(gap) {
            [Side::Destination, Side::Source]
        } else {
            continue;
        };
        found[at - 1] = Some(sides[0]);
        found[at] = found[at].or(Some(sides[1]));
    }
    found
}

/// The text between an address and the address before it.
fn gap<'l>(line: &'l [u8], places: &[Place], at: usize) -> &'l [u8] {
    line.get(places[at - 1].stop..places[at].start)
        .unwrap_or_default()
}

/// Whether only a port and blanks stand between an address and the address before it.
pub fn is_beside(line: &[u8], places: &[Place], at: usize) -> bool {
    let gap = gap(line, places, at);
    gap.len() <= LONGEST_GAP && BESIDE.is_match(gap)
}

/// Whether the line says that a connection came in, and not that one went out.
pub fn is_inward(line: &[u8]) -> bool {
    let mut all = INWARD.captures_iter(line);
    all.any(|found| found.name("what").is_none()) && !OUTWARD.is_match(line)
}

/// Whether the words around a listed address say that it called, attacked or sent.
pub fn came_in(before: &[u8], behind: &[u8]) -> bool {
    INBOUND.is_match(before)
        || ATTACKS.is_match(behind)
        || ENTERS.is_match(behind)
        || (FROM.is_match(before) && TO.is_match(behind) && !FETCHES.is_match(before))
}

/// Whether a protocol, or what a filter did, stands before a source and its destination.
pub fn is_filtered(before: &[u8]) -> bool {
    FILTERED.is_match(before)
}

/// The side of an address by the words before it: a reporter, or a server with its name.
pub fn told(key: &Key, before: &[u8]) -> Option<Side> {
    let last = key.words.last().filter(|_| key.is_word);
    if last.is_some_and(|word| TOLD_OF.contains(&word.as_str())) {
        None
    } else if TOLD.is_match(before) {
        Some(Side::Other)
    } else {
        CALLED_BY_NAME.is_match(before).then_some(Side::Destination)
    }
}

/// Whether an address is the subject of a call: what stands before it is the tag of a program.
pub fn asks(behind: &[u8]) -> bool {
    ASKS.is_match(behind)
}

/// Whether an address is the subject of a report.
pub fn tells(behind: &[u8]) -> bool {
    let found = TELLS.captures(behind);
    found.is_some_and(|found| found.name("passive").is_none())
}
