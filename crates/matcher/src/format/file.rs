//! The tables of a format file as they are written.
use std::collections::BTreeMap;

use serde::Deserialize;

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

#[derive(Deserialize)]
pub struct VariantTable {
    #[serde(default)]
    pub when: Vec<ConditionTable>,
    #[serde(default)]
    pub time: TimeTable,
    #[serde(default)]
    pub identity: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub server_ports: Vec<u16>,
    #[serde(default)]
    pub actions: Vec<ActionTable>,
    #[serde(default)]
    pub decode: BTreeMap<String, String>,
    #[serde(flatten)]
    pub rest: BTreeMap<String, toml::Value>,
}
