//! What of a line decides who asked what of whom and how it ended, whenever that was.
use super::{FieldId, ROLES, Role, Subject, Variant};

const FIRST_UNPRIVILEGED: u16 = 1024;

/// The fields that the variants of a format look at, but for time and identity.
#[derive(Debug, Default)]
pub struct Decisive {
    pub fields: Vec<FieldId>,
    /// Fields that are nothing but a port, and a client's in some variant: another one for each connection.
    pub ports: Vec<FieldId>,
    /// Whether some of those are the server's in another variant.
    pub of_both: bool,
    /// The ports that tell a server.
    server_ports: Vec<u16>,
}

impl Decisive {
    pub fn of(variants: &[Variant]) -> Decisive {
        let mut found = Decisive::default();
        let mut servers = Vec::new();
        for variant in variants {
            for (role, _) in ROLES {
                let fields = match role {
                    Role::ClientPort => &mut found.ports,
                    Role::ServerPort => &mut servers,
                    _ => &mut found.fields,
                };
                fields.extend(variant.role(role));
            }
            found.server_ports.extend(&variant.server_ports);
            let rules = variant.actions.iter().flat_map(|(_, when)| when);
            for condition in variant.when.iter().chain(rules) {
                found.fields.extend(match &condition.subject {
                    Subject::Fields(fields) => fields,
                    Subject::Role(role) => variant.role(*role),
                });
            }
        }
        let fields = &mut found.fields;
        fields.extend(servers.iter().filter(|field| !found.ports.contains(field)));
        for fields in [&mut found.fields, &mut found.ports] {
            fields.sort_unstable();
            fields.dedup();
        }
        let fields = &found.fields;
        found.ports.retain(|field| !fields.contains(field));
        found.of_both = found.ports.iter().any(|field| servers.contains(field));
        found
    }

    /// Whether a port says no more than any other like it, where no address that has it is listed.
    pub fn is_any(&self, port: u16) -> bool {
        port >= FIRST_UNPRIVILEGED && !self.server_ports.contains(&port)
    }
}
