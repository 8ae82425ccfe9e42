//! One JSON object a line (RFC 8259).
use std::borrow::Cow;
use std::sync::Arc;

use super::cells::Found;
use crate::format::{FieldId, Format, Only, Segment};
use crate::shape::json::{self, Object, Value};

/// The fields of one object.
pub struct Fields<'f, 'l> {
    format: &'f Format,
    object: Arc<Object<'l>>,
    nested: bool,
}

impl<'f, 'l> Fields<'f, 'l> {
    pub fn read(format: &'f Format, nested: bool, object: Arc<Object<'l>>) -> Option<Self> {
        let key = format.recognise.path_key.as_deref();
        let path = key.and_then(|key| object.some(key)).map(|v| match v {
            Value::Text(text) => &**text,
            _ => b"",
        });
        let known = format
            .recognise
            .fits(|key| object.some(key).is_some(), path);
        known.then(|| Fields {
            format,
            object: object.clone(),
            nested,
        })
    }

    pub fn all(&self, field: FieldId) -> Found<'l> {
        let mut out = Found::new();
        self.each(field, &mut |value| out.push(value.clone()));
        out
    }

    pub fn first(&self, field: FieldId) -> Option<Cow<'l, [u8]>> {
        let mut out = None;
        self.each(field, &mut |value| {
            out.get_or_insert_with(|| value.clone());
        });
        out
    }

    /// Shows each value of a field, but for the spellings that mean "no value".
    pub fn each(&self, field: FieldId, look: &mut Look<'_, 'l>) {
        let unset = &self.format.unset;
        let mut set = |value: &Cow<'l, [u8]>| {
            if !unset.iter().any(|u| **u == **value) {
                look(value);
            }
        };
        if self.nested {
            walk(&self.object, &self.format.paths[field], &mut set);
        } else if let Some(value) = self.object.get(&self.format.fields[field]) {
            scalars(value, &mut set);
        }
    }
}

/// The values at a path in the JSON object that a text is; none for any other text.
pub fn inside<'a>(text: &[u8], path: &[Segment]) -> Found<'a> {
    let mut out = Found::new();
    if let Some(object) = json::object(text) {
        walk(&object, path, &mut |value| {
            out.push(Cow::Owned(value.to_vec()))
        });
    }
    out
}

type Look<'a, 'l> = dyn FnMut(&Cow<'l, [u8]>) + 'a;

fn scalars<'l>(value: &Value<'l>, look: &mut Look<'_, 'l>) {
    match value {
        Value::Text(text) if !text.is_empty() => look(text),
        Value::Bool(true) => look(&Cow::Borrowed(b"true")),
        Value::Bool(false) => look(&Cow::Borrowed(b"false")),
        Value::Array(items) => items.iter().for_each(|item| scalars(item, look)),
        _ => {}
    }
}

fn walk<'l>(object: &Object<'l>, path: &[Segment], look: &mut Look<'_, 'l>) {
    let Some((step, rest)) = path.split_first() else {
        return;
    };
    let Some(inner) = object.get(&step.key) else {
        return;
    };
    let items: &[Value<'l>] = match (step.each, inner) {
        (false, one) => std::slice::from_ref(one),
        (true, Value::Array(items)) => items,
        (true, _) => &[],
    };
    for item in items {
        if let Some((key, only)) = &step.only {
            let Value::Object(object) = item else {
                continue;
            };
            let found = match object.get(key) {
                Some(Value::Text(text)) => Some(&**text),
                _ => None,
            };
            let counts = match only {
                Only::Like(word) => found.is_some_and(|text| text.eq_ignore_ascii_case(word)),
                Only::Unlike(word) => found != Some(&**word),
            };
            if !counts {
                continue;
            }
        }
        if rest.is_empty() {
            scalars(item, look);
        } else if let Value::Object(object) = item {
            walk(object, rest, look);
        }
    }
}
