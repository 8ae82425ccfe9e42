//! Records of a capture: their hits, and one line of text each that shows the hit.
use std::cell::OnceCell;

use super::flows::{Contact, ESTABLISHED, End, Ends, Flow, RESET, SYN};
use super::network::{ICMP, ICMP6, TCP, UDP, is_device};
use super::origin::Origin;
use super::{Capture, DNS, FLOW, HTTP, QUIC, TLS, dns, http};
use crate::canonical::address::{self, Address};
use crate::canonical::names::{Host, split_authority};
use crate::format::Action;
use crate::line::hit::{Field, Hit, Hits};
use crate::line::tokens::{self, Token};
use crate::rows::Line;
use crate::rows::details::Details;
use crate::rows::spool::temporary;
use crate::set::Set;
use crate::set::providers::is_way;
use crate::time::{self, Moment, Value};

/// The facts of a record that go into its row, beside its hits and its text.
struct Facts {
    /// The kind of the record, as its index in `RECORDS`.
    record: usize,
    client: Address,
    action: Action,
    origin: Origin,
}

/// The beginning of the text of a record: time, sender and receiver.
fn heading(origin: Origin, from: &str, to: &str) -> Vec<u8> {
    let when = origin.time.map_or_else(|| "-".to_owned(), time::iso);
    format!("{when} pcap {from} > {to} ").into_bytes()
}

fn with_port(end: End) -> String {
    end.address.with_port(end.port)
}

/// Clients whose hardware address is remembered; one more, and all are forgotten.
const MOST_CLIENTS: usize = 65_536;

/// Most bytes of a name that is looked up at once; a longer name is taken as a possible hit.
const SHORT: usize = 128;

/// Whether a name may be listed. If false, the name is surely not listed; if true, the hits must be sought.
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
    // A name that ends so may be the spelling of an address.
    let may_be_address =
        matches!(folded.last(), Some(b'0'..=b'9' | b']')) || folded.contains(&b':');
    set.find_name(folded).is_some()
        || set
            .providers()
            .is_some_and(|providers| providers.find_name(folded).is_some())
        || may_be_address && address::parse(folded).is_some()
}

/// The content of a DNS message, copied out because a name or address in it may be listed.
#[derive(Default)]
struct Message {
    /// The name and the record type of each question.
    questions: Vec<(Vec<u8>, u16)>,
    /// For each answer, its name or address; None for an answer with neither.
    answers: Vec<Option<Token>>,
    /// The text of each answer.
    shown: Vec<Vec<u8>>,
}

/// The device's MAC address and the text of a record. The text is written only if the record begins a row.
struct Evidence<'a> {
    mac: Option<[u8; 6]>,
    text: OnceCell<Vec<u8>>,
    write: &'a dyn Fn() -> Vec<u8>,
}

impl Details for Evidence<'_> {
    fn identify(&self, show: &mut dyn FnMut(&'static str, &[u8])) {
        if let Some(mac) = self.mac {
            let spelled = mac.map(|b| format!("{b:02x}")).join(":");
            show("mac", spelled.as_bytes());
        }
    }

    fn text(&self) -> &[u8] {
        self.text.get_or_init(self.write)
    }
}

impl Capture<'_> {
    /// Adds a record with hits to the rows; `write` gives its text.
    fn keep(&mut self, hits: &[Hit], facts: Facts, write: &dyn Fn() -> Vec<u8>) {
        self.records += 1;
        let is_way = hits.first().is_some_and(|hit| is_way(hit.item));
        let client = Host::Address(facts.client);
        let device = is_device(facts.client).then_some(&client);
        if is_way && device.is_none() && facts.origin.mac.is_none() {
            return;
        }
        self.progress.add_hits(if is_way { 0 } else { hits.len() });
        let moment = facts.origin.time.map(|micros| Moment {
            value: Value::Known(micros),
            local: false,
        });
        let details = Evidence {
            mac: facts.origin.mac,
            // No evidence is kept of a way around.
            text: if is_way {
                OnceCell::from(Vec::new())
            } else {
                OnceCell::new()
            },
            write,
        };
        let mut who = Vec::new();
        details.identify(&mut |key, value| who = [key.as_bytes(), b":", value].concat());
        let keys = self.rows.keys(hits, (device, &who), moment);
        let line = Line {
            // A capture has no lines: the number of the record, from 1, stands for its place.
            offset: self.records,
            moment,
            action: facts.action,
            format: Some(facts.record),
            details: &details,
        };
        if let Err(error) = self.rows.add(self.set, hits, &keys, &line) {
            self.progress.fail(temporary(&error));
        }
    }

    /// The hits of tokens, else the ways around.
    fn found(&self, tokens: &[(Field, Token)]) -> Hits {
        let hits = tokens::hits(self.set, tokens);
        if hits.is_empty() {
            return tokens::ways(self.set, tokens, true);
        }
        hits
    }

    /// The packet's origin with the hardware address of the client.
    ///
    /// A packet that the client sent shows it. One that it was sent counts where its frame goes to the hardware
    /// address with which the client sent last: else a router stands between.
    fn of_client(&mut self, client: Address, origin: Origin, is_sender: bool) -> Origin {
        if is_sender {
            if let Some(mac) = origin.mac {
                if self.macs.len() >= MOST_CLIENTS && !self.macs.contains_key(&client) {
                    self.macs.clear();
                }
                self.macs.insert(client, mac);
            }
            return origin;
        }
        let known = self.macs.get(&client).copied();
        let mac = origin.to.filter(|to| known == Some(*to));
        Origin { mac, ..origin }
    }

    /// Takes a DNS message: a record if a name or address in it is listed.
    pub fn dns(&mut self, sender: End, target: End, origin: Origin, bytes: &[u8]) {
        let is_netbios = sender.port == dns::NETBIOS || target.port == dns::NETBIOS;
        let set = self.set;
        let (mut may_have_hit, mut has_question) = (false, false);
        let header = dns::walk(bytes, is_netbios, &mut self.name, |item| {
            may_have_hit |= match item {
                dns::Item::Question(name, _) => {
                    has_question = true;
                    may_hit(set, name)
                }
                // Owners of answers count in a message without a question, as in `Message::read`.
                dns::Item::Owner(name, _) => !has_question && may_hit(set, name),
                dns::Item::Name(name) => may_hit(set, name),
                dns::Item::Address(address) => set.lists_address(address),
                dns::Item::Other(_) => false,
            };
        });
        let Some(header) = header else {
            return;
        };
        let is_dns_port = |end: End| dns::PORTS.contains(&end.port);
        let sender_serves = match (is_dns_port(sender), is_dns_port(target)) {
            (true, false) => true,
            (false, true) => false,
            _ => header.is_reply,
        };
        let client = if sender_serves { target } else { sender };
        let origin = self.of_client(client.address, origin, !sender_serves);
        if !may_have_hit {
            return;
        }
        let message = Message::read(bytes, is_netbios, &mut self.name);
        let tokens = message.tokens();
        let hits = self.found(&tokens);
        if hits.is_empty() {
            return;
        }
        let facts = Facts {
            record: DNS,
            client: client.address,
            action: message.action(header),
            origin,
        };
        self.keep(&hits, facts, &|| {
            let mut text = heading(origin, &with_port(sender), &with_port(target));
            message.write(&mut text, header);
            text
        });
    }

    /// Takes the server name of a ClientHello over TCP.
    pub fn tls(&mut self, ends: Ends, origin: Origin, name: &[u8]) {
        self.server_name(TLS, b"TLS", ends, origin, name);
    }

    /// Takes the server name of a QUIC connection.
    pub fn quic(&mut self, ends: Ends, origin: Origin, name: &[u8]) {
        self.server_name(QUIC, b"QUIC", ends, origin, name);
    }

    fn server_name(&mut self, record: usize, word: &[u8], ends: Ends, origin: Origin, name: &[u8]) {
        let hits = self.found(&[(Field::ServerName, Token::whole(name))]);
        self.keep_request(&hits, record, ends, origin, &[word, name]);
    }

    /// Takes the head of an HTTP request.
    pub fn request(&mut self, ends: Ends, origin: Origin, head: &http::Head<'_>) {
        let mut found = Vec::new();
        let mut request = tokens::Request::new(Some(ends.target.address), Some(ends.target.port));
        if let Some((host, port)) = head.host.map(split_authority) {
            request.add_host(host, port, &mut found);
        }
        request.add_target(head.target, &mut found);
        let hits = self.found(&found);
        let host = head.host.unwrap_or(b"-");
        self.keep_request(
            &hits,
            HTTP,
            ends,
            origin,
            &[b"HTTP", head.method, host, head.target],
        );
    }

    /// Keeps a record of bytes that the client sent, if they have hits; its text is `words`.
    fn keep_request(
        &mut self,
        hits: &[Hit],
        record: usize,
        ends: Ends,
        origin: Origin,
        words: &[&[u8]],
    ) {
        if hits.is_empty() {
            return;
        }
        let facts = Facts {
            record,
            client: ends.sender.address,
            action: Action::Allowed,
            origin,
        };
        self.keep(hits, facts, &|| {
            let mut text = heading(origin, &with_port(ends.sender), &with_port(ends.target));
            text.extend(words.join(&b' '));
            text
        });
    }

    /// Takes a flow that begins, or that goes on into another day.
    ///
    /// The initiator is noted as a device of the day. If the responder is listed, its hits wait for `settle`.
    pub fn contact(&mut self, place: usize, from_high: bool, origin: Origin) {
        let flow = self.flows.at(place);
        flow.day = origin.time.map_or(i32::MIN, time::day_number);
        flow.watch = 0;
        let day = flow.day;
        let has_ports = matches!(flow.key.protocol(), TCP | UDP);
        let initiator = flow.key.side(flow.initiator_high);
        let responder = flow.key.side(!flow.initiator_high);
        let is_sender = flow.initiator_high == from_high;
        let origin = self.of_client(initiator.address, origin, is_sender);
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
            let hits = self.found(&[(Field::Destination, token)]);
            if !hits.is_empty() {
                self.contacts += 1;
                self.waiting.insert(self.contacts, Contact { hits, origin });
                self.flows.at(place).watch = self.contacts;
            }
        }
    }

    /// Keeps the record of a flow that waits, if there is one: its outcome is known, or will never be.
    pub fn settle(&mut self, flow: &Flow) {
        let Some(contact) = self.waiting.remove(&flow.watch) else {
            return;
        };
        let initiator = flow.key.side(flow.initiator_high);
        let responder = flow.key.side(!flow.initiator_high);
        let protocol = flow.key.protocol();
        let spelled = |end: End| {
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
        let facts = Facts {
            record: FLOW,
            client: initiator.address,
            action,
            origin: contact.origin,
        };
        self.keep(&contact.hits, facts, &|| {
            let mut text = heading(contact.origin, &spelled(initiator), &spelled(responder));
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
        let mut message = Message::default();
        let mut owners = Vec::new();
        dns::walk(bytes, is_netbios, name, |item| match item {
            dns::Item::Question(name, kind) => message.questions.push((name.to_vec(), kind)),
            dns::Item::Owner(name, kind) => owners.push((name.to_vec(), kind)),
            dns::Item::Name(name) => {
                message.shown.push(name.to_vec());
                message.answers.push(Some(Token::whole(name)));
            }
            dns::Item::Address(address) => {
                message.shown.push(address.text().into_bytes());
                message
                    .answers
                    .push(Some(Token::Host(Host::Address(address), None)));
            }
            dns::Item::Other(kind) => {
                message
                    .shown
                    .push(format!("<{}>", dns::type_word(kind)).into_bytes());
                message.answers.push(None);
            }
        });
        if message.questions.is_empty() {
            // mDNS answers without a question: the owners of its answers stand for the questions.
            message.questions = owners;
        }
        message
    }

    fn tokens(&self) -> Vec<(Field, Token)> {
        let questions = self.questions.iter().filter(|(name, _)| !name.is_empty());
        let answers = self.answers.iter().flatten();
        questions
            .map(|(name, _)| (Field::Query, Token::whole(name)))
            .chain(answers.map(|token| (Field::Answer, token.clone())))
            .collect()
    }

    fn action(&self, header: dns::Header) -> Action {
        let is_sinkhole = |answer: &Option<Token>| matches!(answer, Some(Token::Host(Host::Address(a), _)) if a.0 == 0 || a.v4() == Some(0));
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
