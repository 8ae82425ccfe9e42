//! What of a line decides who asked what of whom and how it ended, whenever that was.
use super::{FieldId, ROLES, Role, Subject, Variant};

/// The fields that the variants of a format look at, but for time and identity.
#[derive(Debug, Default)]
pub struct Decisive {
    pub fields: Vec<FieldId>,
    /// Fields that are nothing but the client's port, which is another one for each connection.
    pub client_ports: Vec<FieldId>,
    /// The ports that tell a server.
    pub server_ports: Vec<u16>,
}

impl Decisive {
    pub fn of(variants: &[Variant]) -> Decisive {
        let mut found = Decisive::default();
        for variant in variants {
            let roles = ROLES.iter().map(|(role, _)| *role);
            for role in roles.filter(|role| *role != Role::ClientPort) {
                found.fields.extend(variant.role(role));
            }
            found.client_ports.extend(variant.role(Role::ClientPort));
            found.server_ports.extend(&variant.server_ports);
            let rules = variant.actions.iter().flat_map(|(_, when)| when);
            for condition in variant.when.iter().chain(rules) {
                found.fields.extend(match &condition.subject {
                    Subject::Fields(fields) => fields,
                    Subject::Role(role) => variant.role(*role),
                });
            }
        }
        for fields in [&mut found.fields, &mut found.client_ports] {
            fields.sort_unstable();
            fields.dedup();
        }
        let fields = &found.fields;
        found.client_ports.retain(|field| !fields.contains(field));
        found
    }
}
