//! The meaning of a format's fields: client, server, time, identity and action of a line.
use crate::canonical::address::Address;
use crate::format::action::Action;
use crate::format::decoders::Decoder;
use crate::time::TimeKind;

/// Index of a field in `Format::fields`.
pub type FieldId = usize;

/// Roles that take all values of all their fields.
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

/// Keys of `identity`, in the order of the wire.
pub const IDENTITY: [&str; 4] = ["host", "mac", "user", "nat"];

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Present(bool),
    In(Vec<Vec<u8>>),
    NotIn(Vec<Vec<u8>>),
    Prefix(Vec<Vec<u8>>),
    AddressIn(Vec<Address>),
    /// In lower case.
    Words(Vec<Vec<u8>>),
}

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

#[derive(Debug)]
pub struct Variant {
    pub when: Vec<Condition>,
    pub roles: [Vec<FieldId>; ROLES.len()],
    pub time_fields: Vec<FieldId>,
    pub time_join: Vec<FieldId>,
    pub time_kinds: Vec<TimeKind>,
    pub identity: [Vec<FieldId>; IDENTITY.len()],
    pub nat_port: Vec<FieldId>,
    pub server_ports: Vec<u16>,
    pub actions: Vec<(Action, Vec<Condition>)>,
    pub decode: Vec<(FieldId, Decoder)>,
}

impl Variant {
    pub fn role(&self, role: Role) -> &[FieldId] {
        &self.roles[role as usize]
    }

    /// All that is asked of a line: whether it is of this variant, and how it ended.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let rules = self.actions.iter().flat_map(|(_, when)| when);
        self.when.iter().chain(rules)
    }
}
