//! The direction of a line of no known format: arrows, words for incoming connections, words for reporters
//! (docs/log-formats.md 6).
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use crate::canonical::address::parse_port;
use crate::line::expressions::expression;
use crate::line::keys::Key;
use crate::line::places::Place;
use crate::line::services;
use crate::line::sides::Side;

const LONGEST_GAP: usize = 100;
/// Characters of a line in which settings and local ports are sought.
const MOST_SAID: usize = 4096;
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
        r"|khai thac|xam nhap|tham do|bi truy cap|accept(?:ed)?|password|publickey|log[io]n|",
        r"(?:invalid|illegal) user|failure|connections?|connected|disconnect(?:ed)?|session|logged ",
        r"(?:in|on)|signed in|inbound|incoming|traffic|packets?|ket noi)(?: [^ .,:;]{1,32}){0,5} ",
        r"(?:from|tu)(?: (?:ip|address|host|dia|chi)){0,3} \z|(?:\A|[^a-z])(?:attacks?|attacked",
        r"|scans?|scanned|scanning|portscan|probes?|probed|brute[ -]?force|flood|intrusion|exploit",
        r"(?:ed)?|targeted|tan cong|quet|do quet|dang nhap|khai thac|xam nhap|tham do|bi truy cap)",
        r"(?: [^ .,:;]{1,32}){0,5} (?:by|boi)(?: (?:ip|address|host|dia|chi)){0,3} \z|(?:\A|[^a-z])",
        r"(?:log[io]n|authentication|dang nhap) (?:fail(?:ed|ure)?|denied|refused|that bai)",
        r"(?: [^ .,:;]{1,32}){0,2} (?:for|cho) \z|(?:\A|[^a-z])connection (?:closed|reset) by \z|",
        r"(?:\A|[^a-z])(?:phien|sessions?|rdp|vpn|ssh|vnc|remote desktop)(?: [^ ,;]{1,40}){0,5} ",
        r"(?:from|tu|(?:opened|started|initiated|established|mo) (?:by|boi))(?: (?:ip|address|host",
        r"|dia|chi)){0,3} \z|(?:\A|[^a-z])(?:(?:un)?ban(?:ned|ning)?|attacker|intruder|offender",
        r"|hacker|ke tan cong|tin tac)(?: (?:ip|address|host|dia|chi)){0,3} \z)",
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
        r"|raised|captured|collected|noticed|found|recorded|monitored|inspected|chan|hien|nhan|bao",
        r"|choi|cao|dong|ghi) (?:by|boi)(?: [^ .,:;]{1,32}){0,2}(?: (?:at|on|tai|tren))?|(?:blocked",
        r"|denied|dropped|rejected|refused|filtered|logged|reported|recorded|collected|captured",
        r"|received|forwarded|seen|chan|choi|nhan|ghi) (?:at|on|tai|tren)|(?:via",
        r"|through) [^ .,:;]{1,32}(?: [^ .,:;]{1,32}){0,2}|(?:assigned|leased|allocated|cap phat|(?:,",
        r"|;|da|duoc|va) cap|cap (?:ip|dia chi))|(?:access point|diem truy cap|security center",
        r"|management server|may chu quan tri)(?: [^ .,:;]{1,32}){0,3})(?: (?:ip|address|host",
        r#"|dia chi))? ?["'(\[]{0,2}\z|(?:\A|[^m] )qua(?: [^ .,:;]{1,32}){1,3} ?[(\[]\z|(?:\A|[^a-z])"#,
        r"(?:resolved|answered) (?:at|on) \z|(?:\A|[^a-z])(?:(?:logs?|events?|alerts?|nhat ky|su kien",
        r"|canh bao) (?:sent|gui)|chuyen tiep) (?:from|by|tu|boi) \z|(?:\A|[^a-z])(?:firewall|fw",
        r"|gateway|router|switch|sensor|ids|ips|waf|proxy",
        r#"|tuong lua) ["'a-z_-]{0,24}[0-9][0-9a-z_-]{0,24}["']? ?[\[("']{0,2}\z)"#,
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

/// Between a machine and what its call went through.
static VIA: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:(?i:\]?(?:[.:#/](?P<port>[0-9]{1,5})|\((?P<inner>[0-9]{1,5})\))?(?: ?\([^",
        r"()]{0,48}\))?,?[ \t]{1,4}(?:via|through|qua)(?: [A-Za-z_-]{1,16}){0,3} ?[(\[]?\z))",
    ))
});

static ON: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:\]?(?:[.:#/](?P<port>[0-9]{1,5})|\((?P<inner>[0-9]{1,5})\))?(?: ?\([^",
        r"()]{0,48}\))?\]?\)?[ \t]{0,4}(?:<?-{1,3}|={1,3}|>)?>(?:[ \t]|\z|[^=>]))",
    ))
});

/// What an administrator set up or looked for, and lists that were loaded: nobody called what they name.
static SETTINGS: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:(?:\A|[^0-9A-Za-z])(?:config(?:uration)? (?:change|system|update)|configured from ",
        r#"|object attribute configured|cfg(?:path|attr|obj)=|executed (?:the )?['"]|running '?cli"#,
        r"|command=/|iptables -[adirp] |nft add |access-list [^ ]{1,64} (?:line [0-9]{1,6} )?",
        r"(?:extended|standard|remark|permit|deny) |(?:rules?|polic(?:y|ies)|objects?|acl|address",
        r"(?:es)?|addrgrp) (?:was |were |has been |have been )?(?:added|changed|modified|removed",
        r"|deleted|created|updated|disabled|enabled|inserted|edited) by |(?:added|changed|modified",
        r"|removed|deleted|created|updated|disabled|enabled|inserted|edited|add|set|create|delete",
        r"|edit) (?:a |an |the |new )?(?:firewall |filter |nat |acl |security |block )?(?:rules?",
        r"|polic(?:y|ies)|objects?|acl|address(?:es)?|addrgrp) |(?:added|changed|modified|removed",
        r"|deleted|created|updated|disabled|enabled|inserted|edited|add|put|import(?:ed)?|append",
        r"(?:ed)?|remove|xoa|them|bo|dua)(?: [^ ]{1,255}){1,6} (?:to|into|from|in|vao|khoi|trong)(?: ",
        r"(?:the|a|our|custom|global))? (?:(?:black|block|white|allow|deny|bad)[ -]?list|danh sach ",
        r"(?:chan|den|trang|cho phep|cam))|(?:black|block|white|allow|deny|bad)[ -]?list",
        r"(?: [^ ]{1,255}){0,2} (?:added|changed|modified|removed|deleted|created|updated|disabled",
        r"|enabled|inserted|edited|requested|approved|reloaded|imported)(?:\z|[^0-9A-Za-z])|search",
        r#"(?:ed|es)? ["']|(?:by|from) analyst|whois |blocked [^ ]{1,255} manually|chan thu cong"#,
        r"|zone [^ ]{1,255} (?:transferred|loaded|reloaded)(?:\z|[^0-9A-Za-z])|rpz: .{0,300}(?:added",
        r"|loaded|reloaded|removed)(?:\z|[^0-9A-Za-z])|reconfigured(?:\z|[^0-9A-Za-z])))",
    ))
});

static LOCAL_PORT: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:(?:\A|[^0-9A-Za-z])(?:lport|local[ _-]?port|(?:laddr|local(?:[ _-]?(?:ip|addr",
        r#"(?:ess)?))?)["']?[=: ]{1,2}["']?\[?[0-9A-Fa-f.:]{2,45}\]?:)["']?[=: ]{0,2}["']?"#,
        r"(?P<port>[0-9]{1,5})(?:\z|[^0-9A-Za-z.:]))",
    ))
});

static REMOTE_PORT: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?i:(?:\A|[^0-9A-Za-z])(?:rport|(?:remote|peer)[ _-]?port|(?:raddr|(?:remote|peer)(?:[ _-]?",
        r#"(?:ip|addr(?:ess)?))?)["']?[=: ]{1,2}["']?\[?[0-9A-Fa-f.:]{2,45}\]?:)["']?[=: ]{0,2}["']?"#,
        r"(?P<port>[0-9]{1,5})(?:\z|[^0-9A-Za-z.:]))",
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
    for at in (1..places.len()).rev() {
        through(line, places, &mut found, at);
    }
    found
}

/// `A via G -> X`: the way is no machine, and who went it is the source.
fn through(line: &[u8], places: &[Place], found: &mut [Option<Side>], at: usize) {
    if !is_way(line, places, at) {
        return;
    }
    let stop = places[at].stop;
    let behind = &line[stop..line.len().min(stop + LONGEST_GAP)];
    if matches!(found[at], Some(Side::Other | Side::Source)) || ON.is_match(behind) {
        let first = is_way(line, places, at - 1);
        found[at - 1] = Some(if first { Side::Other } else { Side::Source });
        found[at] = Some(Side::Other);
    }
}

/// Whether an address is one that a call of the address before it went through.
fn is_way(line: &[u8], places: &[Place], at: usize) -> bool {
    if at == 0 {
        return false;
    }
    let gap = gap(line, places, at);
    gap.len() <= LONGEST_GAP && VIA.is_match(gap)
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

/// Whether a line tells of settings, lists or a search, and of no call.
pub fn is_setting(line: &[u8]) -> bool {
    SETTINGS.is_match(&line[..line.len().min(MOST_SAID)])
}

/// Whether the local port of a connection is that of a server, and the remote one is not.
pub fn is_served(line: &[u8]) -> bool {
    let line = &line[..line.len().min(MOST_SAID)];
    let is_server = |found: Captures<'_>| {
        let port = parse_port(&found["port"]);
        port.is_some_and(services::is_server)
    };
    LOCAL_PORT.captures(line).is_some_and(is_server)
        && !REMOTE_PORT.captures(line).is_some_and(is_server)
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
