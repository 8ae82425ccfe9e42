//! Records of a capture: their hits, and one line of text each that shows the hit.
use std::cell::OnceCell;

use super::flows::{Contact, ESTABLISHED, End, Ends, Flow, RESET, SYN};
use super::network::{ICMP, ICMP6, TCP, UDP};
use super::origin::Origin;
use super::{Capture, DNS, FLOW, HTTP, QUIC, TLS, dns, http};
use crate::canonical::address::{self, Address};
use crate::canonical::names::{Host, split_authority};
use crate::format::Action;
use crate::line::hit::{Field, Hit};
use crate::line::tokens::{self, Token};
use crate::rows::Line;
use crate::rows::details::Details;
use crate::rows::spool::temporary;
use crate::set::Set;
use crate::time::{self, Moment, Value};

/// A record beside its hits and its words.
struct About {
    /// Number of its name in `RECORDS`.
    record: usize,
    client: Address,
    action: Action,
    origin: Origin,
}

/// Whether an address can be that of one machine.
fn is_device(address: Address) -> bool {
    match address.v4() {
        Some(bits) => bits != 0 && bits >> 28 != 0xe && bits != u32::MAX,
        None => address.0 != 0 && address.0 >> 120 != 0xff,
    }
}

/// The beginning of the text of a record: time, sender and receiver.
fn heading(origin: Origin, from: &str, to: &str) -> Vec<u8> {
    let when = origin.time.map_or_else(|| "-".to_owned(), time::iso);
    format!("{when} pcap {from} > {to} ").into_bytes()
}

fn with_port(end: End) -> String {
    end.address.with_port(end.port)
}

/// Names up to so many bytes are looked up before anything is copied.
const SHORT: usize = 128;

/// Whether a name may be listed: surely not, where this says so.
fn may_hit(set: &Set, name: &[u8]) -> bool {
    let mut folded = [0u8; SHORT];
    let Some(folded) = folded.get_mut(..name.len()) else {
        return true;
    };
    for (out, b) in folded.iter_mut().zip(name) {
        if !b.is_ascii() {
            return true;
        }
        *out = b.to_ascii_lowercase();
    }
    let is_odd = matches!(folded.last(), Some(b'0'..=b'9' | b']')) || folded.contains(&b':');
    set.find_name(folded).is_some() || is_odd && address::parse(folded).is_some()
}

/// What a DNS message says, copied out because something of it is listed.
#[derive(Default)]
struct Message {
    questions: Vec<(Vec<u8>, u16)>,
    answers: Vec<Result<Token, u16>>,
    shown: Vec<Vec<u8>>,
}

/// The words of a record, written only if it begins a row.
struct Evidence<'a> {
    mac: Option<[u8; 6]>,
    text: OnceCell<Vec<u8>>,
    write: &'a dyn Fn() -> Vec<u8>,
}

impl Details for Evidence<'_> {
    fn identify(&self, tell: &mut dyn FnMut(&'static str, &[u8])) {
        if let Some(mac) = self.mac {
            let spelled = mac.map(|b| format!("{b:02x}")).join(":");
            tell("mac", spelled.as_bytes());
        }
    }

    fn text(&self) -> &[u8] {
        self.text.get_or_init(self.write)
    }
}

impl Capture<'_> {
    fn keep(&mut self, hits: &[Hit], said: About, write: &dyn Fn() -> Vec<u8>) {
        self.records += 1;
        self.progress.add_hits(hits.len());
        let client = Host::Address(said.client);
        let device = is_device(said.client).then_some(&client);
        let moment = said.origin.time.map(|micros| Moment {
            value: Value::Known(micros),
            local: false,
        });
        let keys = self.rows.keys(hits, device, moment);
        let line = Line {
            offset: self.records,
            moment,
            action: said.action,
            format: Some(said.record),
            details: &Evidence {
                mac: said.origin.mac,
                text: OnceCell::new(),
                write,
            },
        };
        if let Err(error) = self.rows.add(self.set, hits, &keys, &line) {
            self.progress.fail(temporary(&error));
        }
    }

    /// A DNS message.
    pub fn dns(&mut self, sender: End, target: End, origin: Origin, bytes: &[u8]) {
        let is_netbios = sender.port == dns::NETBIOS || target.port == dns::NETBIOS;
        let set = self.set;
        let (mut look, mut is_asked) = (false, false);
        let header = dns::walk(bytes, is_netbios, &mut self.name, |item| {
            look |= match item {
                dns::Item::Question(name, _) => {
                    is_asked = true;
                    may_hit(set, name)
                }
                dns::Item::Owner(name, _) => !is_asked && may_hit(set, name),
                dns::Item::Name(name) => may_hit(set, name),
                dns::Item::Address(address) => set.lists_address(address),
                dns::Item::Other(_) => false,
            };
        });
        let Some(header) = header.filter(|_| look) else {
            return;
        };
        let told = Message::read(bytes, is_netbios, &mut self.name);
        let tokens = told.tokens();
        let hits = tokens::hits(set, &tokens);
        if hits.is_empty() {
            return;
        }
        let known = |end: End| dns::PORTS.contains(&end.port);
        let sender_serves = match (known(sender), known(target)) {
            (true, false) => true,
            (false, true) => false,
            _ => header.is_reply,
        };
        let client = if sender_serves { target } else { sender };
        let said = About {
            record: DNS,
            client: client.address,
            action: told.action(header),
            origin: Origin {
                mac: origin.mac.filter(|_| !sender_serves),
                ..origin
            },
        };
        self.keep(&hits, said, &|| {
            let mut text = heading(origin, &with_port(sender), &with_port(target));
            told.write(&mut text, header);
            text
        });
    }

    /// A ClientHello with its server name, over TCP.
    pub fn tls(&mut self, ends: Ends, origin: Origin, name: &[u8]) {
        self.server_name(TLS, b"TLS", ends, origin, name);
    }

    /// The server name of a QUIC connection.
    pub fn quic(&mut self, ends: Ends, origin: Origin, name: &[u8]) {
        self.server_name(QUIC, b"QUIC", ends, origin, name);
    }

    fn server_name(&mut self, record: usize, word: &[u8], ends: Ends, origin: Origin, name: &[u8]) {
        let hits = tokens::hits(self.set, &[(Field::ServerName, Token::whole(name))]);
        self.asked(&hits, record, ends, origin, &[word, name]);
    }

    /// The head of an HTTP request.
    pub fn request(&mut self, ends: Ends, origin: Origin, head: &http::Head<'_>) {
        let mut found = Vec::new();
        let mut asked = tokens::Request::new(Some(ends.target.address), Some(ends.target.port));
        if let Some((host, port)) = head.host.map(split_authority) {
            asked.host(host, port, &mut found);
        }
        asked.target(head.target, &mut found);
        let hits = tokens::hits(self.set, &found);
        let host = head.host.unwrap_or(b"-");
        self.asked(
            &hits,
            HTTP,
            ends,
            origin,
            &[b"HTTP", head.method, host, head.target],
        );
    }

    fn asked(&mut self, hits: &[Hit], record: usize, ends: Ends, origin: Origin, words: &[&[u8]]) {
        if hits.is_empty() {
            return;
        }
        let said = About {
            record,
            client: ends.sender.address,
            action: Action::Allowed,
            origin,
        };
        self.keep(hits, said, &|| {
            let mut text = heading(origin, &with_port(ends.sender), &with_port(ends.target));
            text.extend(words.join(&b' '));
            text
        });
    }

    /// A flow begins, or goes on into another day: whom it concerns.
    pub fn contact(&mut self, place: usize, from_high: bool, origin: Origin) {
        let flow = self.flows.at(place);
        flow.day = origin.time.map_or(i32::MIN, time::day_number);
        flow.watch = 0;
        let day = flow.day;
        let has_ports = matches!(flow.key.protocol(), TCP | UDP);
        let initiator = flow.key.side(flow.initiator_high);
        let responder = flow.key.side(!flow.initiator_high);
        let is_sender = flow.initiator_high == from_high;
        let port = |end: End| has_ports.then_some(end.port);
        let has_room = self.alive.len() <= self.options.limits.alive;
        if self.options.devices && has_room && origin.time.is_some() && is_device(initiator.address)
        {
            self.alive.insert((initiator.address, day));
        }
        let set = self.set;
        if set.lists_address(initiator.address) {
            let listed = tokens::find_address(set, initiator.address, port(initiator));
            self.inbound += u64::from(listed.is_some());
        }
        if set.lists_address(responder.address) {
            let token = Token::Host(Host::Address(responder.address), port(responder));
            let hits = tokens::hits(set, &[(Field::Destination, token)]);
            if !hits.is_empty() {
                self.contacts += 1;
                let mac = origin.mac.filter(|_| is_sender);
                let origin = Origin { mac, ..origin };
                self.waiting.insert(self.contacts, Contact { hits, origin });
                self.flows.at(place).watch = self.contacts;
            }
        }
    }

    /// The outcome of a flow is known, or will never be.
    pub fn settle(&mut self, flow: &Flow) {
        let Some(contact) = self.waiting.remove(&flow.watch) else {
            return;
        };
        let initiator = flow.key.side(flow.initiator_high);
        let responder = flow.key.side(!flow.initiator_high);
        let protocol = flow.key.protocol();
        let shown = |end: End| {
            if matches!(protocol, TCP | UDP) {
                with_port(end)
            } else {
                end.address.text()
            }
        };
        let (action, outcome) = match (protocol, flow.seen) {
            (TCP, seen) if seen & ESTABLISHED != 0 => (Action::Allowed, "established"),
            (TCP, seen) if seen & RESET != 0 => (Action::Attempt, "reset"),
            (TCP, seen) if seen & SYN != 0 => (Action::Attempt, "no answer"),
            (TCP, _) => (Action::Unknown, "seen"),
            (_, seen) if seen & ESTABLISHED != 0 => (Action::Allowed, "answered"),
            _ => (Action::Attempt, "no answer"),
        };
        let said = About {
            record: FLOW,
            client: initiator.address,
            action,
            origin: contact.origin,
        };
        self.keep(&contact.hits, said, &|| {
            let mut text = heading(contact.origin, &shown(initiator), &shown(responder));
            let word = match protocol {
                TCP => "TCP".to_owned(),
                UDP => "UDP".to_owned(),
                ICMP => "ICMP".to_owned(),
                ICMP6 => "ICMPv6".to_owned(),
                other => format!("IP-{other}"),
            };
            text.extend_from_slice(format!("{word} {outcome}").as_bytes());
            text
        });
    }
}

impl Message {
    fn read(bytes: &[u8], is_netbios: bool, name: &mut dns::Name) -> Message {
        let mut told = Message::default();
        let mut owners = Vec::new();
        dns::walk(bytes, is_netbios, name, |item| match item {
            dns::Item::Question(name, kind) => told.questions.push((name.to_vec(), kind)),
            dns::Item::Owner(name, kind) => owners.push((name.to_vec(), kind)),
            dns::Item::Name(name) => {
                told.shown.push(name.to_vec());
                told.answers.push(Ok(Token::whole(name)));
            }
            dns::Item::Address(address) => {
                told.shown.push(address.text().into_bytes());
                told.answers
                    .push(Ok(Token::Host(Host::Address(address), None)));
            }
            dns::Item::Other(kind) => {
                told.shown
                    .push(format!("<{}>", dns::type_word(kind)).into_bytes());
                told.answers.push(Err(kind));
            }
        });
        if told.questions.is_empty() {
            // mDNS answers without a question: its names are those that the answers are about.
            told.questions = owners;
        }
        told
    }

    fn tokens(&self) -> Vec<(Field, Token)> {
        let asked = self.questions.iter().filter(|(name, _)| !name.is_empty());
        let answers = self.answers.iter().flatten();
        asked
            .map(|(name, _)| (Field::Query, Token::whole(name)))
            .chain(answers.map(|token| (Field::Answer, token.clone())))
            .collect()
    }

    fn action(&self, header: dns::Header) -> Action {
        let is_sinkhole = |answer: &Result<Token, u16>| matches!(answer, Ok(Token::Host(Host::Address(a), _)) if a.0 == 0 || a.v4() == Some(0));
        if !header.is_reply {
            Action::Unknown
        } else if self.answers.iter().any(is_sinkhole) {
            Action::Blocked
        } else if header.code != 0 || self.answers.is_empty() {
            Action::Attempt
        } else {
            Action::Allowed
        }
    }

    fn write(&self, text: &mut Vec<u8>, header: dns::Header) {
        text.extend_from_slice(b"DNS");
        for (number, (name, kind)) in self.questions.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            text.extend_from_slice(format!("{comma} {} ", dns::type_word(*kind)).as_bytes());
            text.extend_from_slice(if name.is_empty() { b"." } else { name });
        }
        if !header.is_reply {
            return;
        }
        for (number, answer) in self.shown.iter().enumerate() {
            text.extend_from_slice(if number > 0 { b", " } else { b" -> " });
            text.extend_from_slice(answer);
        }
        text.push(b' ');
        text.extend_from_slice(dns::code_word(header.code).as_bytes());
    }
}
