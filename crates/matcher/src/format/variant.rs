//! The meaning of a format's fields: client, server, time, identity and action of a line.
use crate::canonical::address::Address;
use crate::format::action::Action;
use crate::format::decoders::Decoder;
use crate::time::TimeKind;

/// Index of a field in `Format::fields`.
pub type FieldId = usize;

/// The meaning that a variant gives to some fields (docs/log-formats.md 3). `Client`, `Server` and the three
/// ports have one value: the first value of their first field with a value. The other roles have all values
/// of all their fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Query,
    Answers,
    Host,
    Url,
    ServerName,
    Client,
    ClientPort,
    Server,
    ServerPort,
    HostPort,
}

/// Each role with its key in a format file. In the order of `Role`: a role is an index into `Variant::roles`.
pub(super) const ROLES: [(Role, &str); 10] = [
    (Role::Query, "query"),
    (Role::Answers, "answers"),
    (Role::Host, "host"),
    (Role::Url, "url"),
    (Role::ServerName, "server_name"),
    (Role::Client, "client"),
    (Role::ClientPort, "client_port"),
    (Role::Server, "server"),
    (Role::ServerPort, "server_port"),
    (Role::HostPort, "host_port"),
];

/// Keys of `identity` in a format file, in the order of the result. The file's key `nat_port` is no part of
/// the result: it completes `nat`.
pub const IDENTITY: [&str; 4] = ["host", "mac", "user", "nat"];

/// The test of a condition on the values of its subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// There is a value (true), or none (false).
    Present(bool),
    /// At least one value equals one of these.
    In(Vec<Vec<u8>>),
    /// There is a value, and no value equals one of these.
    NotIn(Vec<Vec<u8>>),
    /// At least one value begins with one of these.
    Prefix(Vec<Vec<u8>>),
    /// At least one value is the spelling of one of these addresses.
    AddressIn(Vec<Address>),
    /// At least one value holds one of these words, given in lower case.
    Words(Vec<Vec<u8>>),
}

/// The values that a condition tests. The values of several fields count together.
#[derive(Debug)]
pub enum Subject {
    Fields(Vec<FieldId>),
    Role(Role),
}

#[derive(Debug)]
pub struct Condition {
    pub subject: Subject,
    pub test: Test,
}

/// One meaning of a format's fields, for the lines on which all conditions of `when` hold.
#[derive(Debug)]
pub struct Variant {
    pub when: Vec<Condition>,
    /// The fields of each role, by `Role`.
    pub roles: [Vec<FieldId>; ROLES.len()],
    /// The time is the value of the first of these fields that has one.
    pub time_fields: Vec<FieldId>,
    /// Else the time is the values of these fields, joined by spaces.
    pub time_join: Vec<FieldId>,
    /// The spellings in which the time is sought, in this order.
    pub time_kinds: Vec<TimeKind>,
    /// The fields of each part of the device's identity, by `IDENTITY`.
    pub identity: [Vec<FieldId>; IDENTITY.len()],
    /// Fields of the port that completes an address of `nat`.
    pub nat_port: Vec<FieldId>,
    /// Ports of servers: a client with such a port may be the server (docs/log-formats.md 3).
    pub server_ports: Vec<u16>,
    /// The first action whose conditions all hold is the action of the line.
    pub actions: Vec<(Action, Vec<Condition>)>,
    /// The fields whose values are decoded.
    pub decode: Vec<(FieldId, Decoder)>,
}

impl Variant {
    pub fn role(&self, role: Role) -> &[FieldId] {
        &self.roles[role as usize]
    }

    /// All conditions that a line may be tested by: those of the variant, then those of its actions.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let rules = self.actions.iter().flat_map(|(_, when)| when);
        self.when.iter().chain(rules)
    }
}
