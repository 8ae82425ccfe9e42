//! The names, addresses and URLs of a line, and the items they hit (docs/log-formats.md 5).
use smallvec::SmallVec;

use crate::canonical::address::{self, Address};
use crate::canonical::names::{Host, Short, name, path_of, split_authority, split_url};
use crate::format::Role;
use crate::line::hit::{Field, Hit, Hits, Matched};
use crate::line::record::Record;
use crate::raw::sixteen::{Range, position};
use crate::set::Set;

/// Bytes that no authority holds. A request target without them may be only an authority (RFC 9112 3.2.3).
const NOT_IN_AUTHORITY: [Range; 3] = [
    Range::new(b'/', b'/'),
    Range::new(b'?', b'?'),
    Range::new(b'#', b'#'),
];
/// Longer values are never addresses.
const LONGEST_ADDRESS: usize = 256;

/// A part of a line that may be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name or an address. A port, if known, makes an endpoint of an address; a name ignores it.
    Host(Host, Option<u16>),
    /// The host of a URL, its port if it shows one, and the rest of the URL from `/` on.
    Url(Host, Option<u16>, Short),
}

impl Token {
    /// The token of a whole value: an address if the value spells one, else a name.
    pub fn whole(value: &[u8]) -> Token {
        let host = if value.len() <= LONGEST_ADDRESS {
            Host::parse(value)
        } else {
            Host::Name(name(value))
        };
        Token::Host(host, None)
    }
}

/// Empties `found`, then puts every token of a record into it, in the order in which fields are credited.
pub fn of_record(record: &Record<'_, '_>, found: &mut Vec<(Field, Token)>) {
    let wholes = |found: &mut Vec<(Field, Token)>, field, role| {
        record.each(role, &mut |value| found.push((field, Token::whole(value))));
    };
    found.clear();
    wholes(found, Field::Query, Role::Query);
    request(record, found);
    wholes(found, Field::ServerName, Role::ServerName);
    if !found.is_sorted_by_key(|(field, _)| *field) {
        found.sort_by_key(|(field, _)| *field);
    }
    wholes(found, Field::Answer, Role::Answers);
    if let Some(server) = record.server {
        found.push((
            Field::Destination,
            Token::Host(Host::Address(server), record.server_port),
        ));
    }
}

/// Adds the tokens of the HTTP request in a record, if its format has fields for one.
fn request(record: &Record<'_, '_>, found: &mut Vec<(Field, Token)>) {
    if record.variant.role(Role::Host).is_empty() && record.variant.role(Role::Url).is_empty() {
        return;
    }
    let host_port = record.port(Role::HostPort);
    let mut request = Request::new(record.server, record.server_port);
    record.each(Role::Host, &mut |value| {
        let (host, port) = split_authority(value);
        request.add_host(host, port.or(host_port), found);
    });
    record.each(Role::Url, &mut |target| request.add_target(target, found));
}

/// Whether a request target is only a path or a query: its host stands elsewhere in the request.
pub fn is_path(target: &[u8]) -> bool {
    target.starts_with(b"/") || target.starts_with(b"?")
}

/// Makes the tokens of one HTTP request. All hosts must be added before the first target: a target that is
/// only a path takes these hosts, else the server's address.
pub struct Request {
    hosts: SmallVec<[(Host, Option<u16>); 1]>,
    server: Option<Address>,
    server_port: Option<u16>,
}

impl Request {
    pub fn new(server: Option<Address>, server_port: Option<u16>) -> Request {
        Request {
            hosts: SmallVec::new(),
            server,
            server_port,
        }
    }

    /// Adds the token of a host.
    pub fn add_host(&mut self, host: Host, port: Option<u16>, found: &mut Vec<(Field, Token)>) {
        found.push((Field::Host, Token::Host(host.clone(), port)));
        self.hosts.push((host, port));
    }

    /// Adds the tokens of a request target: a URL, a path or an authority.
    pub fn add_target(&self, target: &[u8], found: &mut Vec<(Field, Token)>) {
        let host = |(host, port): (Host, Option<u16>)| (Field::Host, Token::Host(host, port));
        if let Some((name, port, rest)) = split_url(target) {
            if rest.is_empty() {
                found.push(host((name, port)));
            } else {
                found.push(host((name.clone(), port)));
                found.push((Field::Url, Token::Url(name, port, rest)));
            }
        } else if is_path(target) {
            let rest = path_of(target);
            let server = self.server.map(|a| (Host::Address(a), None));
            let joined = if self.hosts.is_empty() {
                server.into_iter().collect()
            } else {
                self.hosts.clone()
            };
            for (host, port) in joined {
                found.push((
                    Field::Url,
                    Token::Url(host, port.or(self.server_port), Short::from_slice(&rest)),
                ));
            }
        } else if position(target, &NOT_IN_AUTHORITY).is_none() {
            found.push(host(split_authority(target)));
        }
    }
}

/// Whether the path of a URL may change the hits of these tokens: the set may hold URLs of its host.
pub fn depend_on_paths(set: &Set, tokens: &[(Field, Token)]) -> bool {
    let mut hosts = tokens.iter().filter_map(|(_, token)| match token {
        Token::Url(host, ..) => Some(host),
        Token::Host(..) => None,
    });
    set.has_urls() && hosts.any(|host| set.may_list_urls_of(host))
}

/// The item of the endpoint, else of the address, else of the network with the longest prefix around it; with
/// the endpoint or address that matched.
pub fn find_address(set: &Set, address: Address, port: Option<u16>) -> Option<(u32, Matched)> {
    if let Some(port) = port
        && let Some(item) = set.find_endpoint(address, port)
    {
        return Some((item, Matched::Endpoint(address, port)));
    }
    if let Some(item) = set.find_address(address) {
        return Some((item, Matched::Address(address)));
    }
    let (item, found) = find_address(set, address.site()?, port)?;
    Some(match found {
        Matched::Endpoint(_, port) => (item, Matched::Endpoint(address, port)),
        _ => (item, Matched::Address(address)),
    })
}

/// The URL item that covers this URL: with the longest path, and of two equally long, the item that shows the
/// port.
fn find_url(set: &Set, host: &Host, port: Option<u16>, rest: &[u8]) -> Option<u32> {
    if !set.has_urls() {
        return None;
    }
    let spelled;
    let host = match host {
        Host::Name(name) => &name[..],
        Host::Address(_) => {
            spelled = host.spelled();
            &spelled[..]
        }
    };
    if !set.may_list_url(host, rest) {
        return None;
    }
    let look = |mut url: Short| {
        let length = url.len();
        url.extend_from_slice(rest);
        let item = set.find_url(&url, length)?;
        Some((item, set.hashed(item)?.len() - length))
    };
    let shown = port.and_then(|port| {
        let mut authority = Short::from_slice(host);
        address::spell_port(port, &mut authority);
        look(authority)
    });
    let plain = look(Short::from_slice(host));
    match (shown, plain) {
        (Some((item, length)), Some((_, other))) if length >= other => Some(item),
        (_, Some((item, _))) | (Some((item, _)), None) => Some(item),
        (None, None) => None,
    }
}

/// Whether a token may be a hit, or a way around.
pub fn may_list(set: &Set, token: &Token) -> bool {
    match token {
        Token::Host(Host::Name(name), _) => {
            let is_way = || {
                set.providers()
                    .is_some_and(|all| all.find_name(name).is_some())
            };
            set.find_name(name).is_some() || is_way()
        }
        Token::Host(Host::Address(address), port) => {
            let way = || set.providers()?.find_endpoint(*address, (*port)?);
            find_address(set, *address, *port).is_some() || way().is_some()
        }
        Token::Url(host, port, rest) => find_url(set, host, *port, rest).is_some(),
    }
}

/// The hits of tokens: each indicator once, with the first field that holds it.
///
/// If a URL hits, its host gives no hit of its own in the fields `Host` and `Text`; in other fields it does.
pub fn hits(set: &Set, tokens: &[(Field, Token)]) -> Hits {
    let mut found = Hits::new();
    put_hits(set, tokens, &mut found);
    found
}

/// The rows of providers whose names or endpoints stand in these tokens, each once, with the first field that holds it. What
/// a resolver answers is nothing that the machine asked for.
///
/// They count only where no indicator is hit; `endpoints` says whether addresses count.
pub fn ways(set: &Set, tokens: &[(Field, Token)], endpoints: bool) -> Hits {
    let mut found = Hits::new();
    let Some(providers) = set.providers() else {
        return found;
    };
    for (field, token) in tokens {
        if *field == Field::Answer {
            continue;
        }
        let hit = match token {
            Token::Host(Host::Name(name), _) => providers
                .find_name(name)
                .map(|item| (item, Matched::Name(Short::from_slice(name)))),
            Token::Host(Host::Address(address), Some(port)) if endpoints => providers
                .find_endpoint(*address, *port)
                .map(|item| (item, Matched::Endpoint(*address, *port))),
            _ => None,
        };
        if let Some((item, matched)) = hit
            && !found.iter().any(|h| h.item == item)
        {
            found.push(Hit {
                item,
                field: *field,
                matched,
            });
        }
    }
    found
}

/// Empties `found`, then puts the same hits into it as `hits` returns.
pub fn put_hits(set: &Set, tokens: &[(Field, Token)], found: &mut Hits) {
    found.clear();
    let mut covered: SmallVec<[&Host; 2]> = SmallVec::new();
    let mut urls: SmallVec<[Option<u32>; 2]> = SmallVec::new();
    for (_, token) in tokens {
        if let Token::Url(host, port, rest) = token {
            let item = find_url(set, host, *port, rest);
            covered.extend(item.map(|_| host));
            urls.push(item);
        }
    }
    let mut urls = urls.into_iter();
    for (field, token) in tokens {
        let hit = match token {
            Token::Host(host, _)
                if matches!(field, Field::Host | Field::Text) && covered.contains(&host) =>
            {
                None
            }
            Token::Host(Host::Name(name), _) => set
                .find_name(name)
                .map(|item| (item, Matched::Name(Short::from_slice(name)))),
            Token::Host(Host::Address(address), port) => find_address(set, *address, *port),
            Token::Url(..) => urls.next().flatten().map(|item| (item, Matched::Item)),
        };
        if let Some((item, matched)) = hit
            && !found.iter().any(|h| h.item == item)
        {
            found.push(Hit {
                item,
                field: *field,
                matched,
            });
        }
    }
}
