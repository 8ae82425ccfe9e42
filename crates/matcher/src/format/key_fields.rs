//! The key fields of a format: lines with equal values in them have the same hits, device and action.
use super::variant::{FieldId, IDENTITY, ROLES, Role, Subject, Test, Variant};

const FIRST_UNPRIVILEGED: u16 = 1024;

/// The fields that the variants of a format read, but for the time and for such parts of the identity as decide nothing.
#[derive(Debug, Default)]
pub struct KeyFields {
    pub fields: Vec<FieldId>,
    /// Fields of which only the result of one test counts, with this test.
    pub tests: Vec<(FieldId, Test)>,
    /// Fields that hold only the target of a request.
    pub targets: Vec<FieldId>,
    /// Fields that hold only a port, and in some variant the client's: another port for each connection.
    pub ports: Vec<FieldId>,
    /// Whether some of `ports` hold the server's port in another variant.
    pub of_both: bool,
    /// Ports by which a variant knows the server.
    server_ports: Vec<u16>,
}

impl KeyFields {
    pub fn of(variants: &[Variant]) -> KeyFields {
        let mut found = KeyFields::default();
        let mut servers = Vec::new();
        let mut decoded = Vec::new();
        for variant in variants {
            for (role, _) in ROLES {
                let fields = match role {
                    Role::ClientPort => &mut found.ports,
                    Role::ServerPort => &mut servers,
                    Role::Url => &mut found.targets,
                    _ => &mut found.fields,
                };
                fields.extend(variant.role(role));
            }
            // Whose row it is.
            for (key, fields) in IDENTITY.iter().zip(&variant.identity) {
                if matches!(*key, "mac" | "host") {
                    found.fields.extend(fields);
                }
            }
            decoded.extend(variant.decode.iter().map(|(field, _)| *field));
            found.server_ports.extend(&variant.server_ports);
        }
        let mut asked: Vec<(FieldId, &Test)> = Vec::new();
        for variant in variants {
            for condition in variant.conditions() {
                match &condition.subject {
                    Subject::Fields(fields) if let [field] = fields[..] => {
                        asked.push((field, &condition.test));
                    }
                    Subject::Fields(fields) => found.fields.extend(fields),
                    Subject::Role(role) => found.fields.extend(variant.role(*role)),
                }
            }
        }
        let fields = &mut found.fields;
        fields.extend(servers.iter().filter(|field| !found.ports.contains(field)));
        // What a decoder makes of a value is not looked at.
        fields.extend(&decoded);
        for (field, test) in &asked {
            let has_one = asked.iter().all(|(f, t)| f != field || t == test);
            if !has_one || found.targets.contains(field) || found.ports.contains(field) {
                fields.push(*field);
            }
        }
        for (field, test) in asked {
            if !fields.contains(&field) && found.tests.iter().all(|(f, _)| *f != field) {
                found.tests.push((field, test.clone()));
            }
        }
        for fields in [&mut found.fields, &mut found.targets, &mut found.ports] {
            fields.sort_unstable();
            fields.dedup();
        }
        let fields = &found.fields;
        found.targets.retain(|field| !fields.contains(field));
        found.ports.retain(|field| !fields.contains(field));
        found.of_both = found.ports.iter().any(|field| servers.contains(field));
        found
    }

    /// Whether a port says no more than any other like it, where no address that has it is listed.
    pub fn is_any(&self, port: u16) -> bool {
        port >= FIRST_UNPRIVILEGED && !self.server_ports.contains(&port)
    }
}
