//! The tables of a format file as they are written.
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Role;

#[derive(Deserialize)]
pub struct File {
    pub name: String,
    #[serde(default)]
    pub unset: Vec<String>,
    #[serde(default)]
    pub recognise: RecogniseTable,
    pub shape: Vec<ShapeTable>,
    pub variant: Vec<VariantTable>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecogniseTable {
    pub path_key: Option<String>,
    pub path: Vec<String>,
    pub all: Vec<String>,
    pub any: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeTable {
    pub r#type: String,
    pub header: Option<String>,
    pub keys: Option<String>,
    #[serde(default)]
    pub columns: Vec<String>,
    pub least: Option<usize>,
    #[serde(default)]
    pub named: Vec<String>,
    pub separator: Option<String>,
    pub head: Option<String>,
    pub pairs: Option<String>,
    #[serde(default)]
    pub define: BTreeMap<String, String>,
    #[serde(default)]
    pub patterns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionTable {
    pub field: Option<String>,
    #[serde(default)]
    pub fields: Vec<String>,
    pub role: Option<String>,
    pub present: Option<bool>,
    pub r#in: Option<Vec<String>>,
    pub not_in: Option<Vec<String>>,
    pub prefix: Option<Vec<String>>,
    pub address_in: Option<Vec<String>>,
    pub words: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionTable {
    pub action: String,
    #[serde(default)]
    pub when: Vec<ConditionTable>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeTable {
    #[serde(default)]
    pub join: Vec<String>,
    #[serde(default)]
    pub fields: Vec<String>,
    pub r#as: Vec<String>,
}

/// The roles stand one by one: what is flattened is read into values of any type first.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VariantTable {
    /// For readers.
    #[serde(rename = "name")]
    _name: IgnoredAny,
    pub when: Vec<ConditionTable>,
    pub time: TimeTable,
    pub identity: BTreeMap<String, Vec<String>>,
    pub server_ports: Vec<u16>,
    pub actions: Vec<ActionTable>,
    pub decode: BTreeMap<String, String>,
    query: Vec<String>,
    answers: Vec<String>,
    host: Vec<String>,
    url: Vec<String>,
    server_name: Vec<String>,
    client: Vec<String>,
    client_port: Vec<String>,
    server: Vec<String>,
    server_port: Vec<String>,
    host_port: Vec<String>,
}

impl VariantTable {
    /// The fields of a role.
    pub fn role(&self, role: Role) -> &[String] {
        match role {
            Role::Query => &self.query,
            Role::Answers => &self.answers,
            Role::Host => &self.host,
            Role::Url => &self.url,
            Role::ServerName => &self.server_name,
            Role::Client => &self.client,
            Role::ClientPort => &self.client_port,
            Role::Server => &self.server,
            Role::ServerPort => &self.server_port,
            Role::HostPort => &self.host_port,
        }
    }
}
