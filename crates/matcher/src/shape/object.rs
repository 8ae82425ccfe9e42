//! One JSON object a line (RFC 8259).
use std::borrow::Cow;
use std::sync::Arc;

use super::{Found, recognised};
use crate::format::{FieldId, Format, Segment};
use crate::json::{Object, Value};

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
        let known = recognised(&format.recognise, |key| object.some(key).is_some(), path);
        known.then(|| Fields {
            format,
            object: object.clone(),
            nested,
        })
    }

    pub fn all(&self, field: FieldId) -> Found<'l> {
        let mut out = Found::new();
        if self.nested {
            walk(&self.object, &self.format.paths[field], &mut out);
        } else if let Some(value) = self.object.get(&self.format.fields[field]) {
            scalars(value, &mut out);
        }
        out
    }
}

fn scalars<'l>(value: &Value<'l>, out: &mut Found<'l>) {
    match value {
        Value::Text(text) if !text.is_empty() => out.push(text.clone()),
        Value::Bool(true) => out.push(Cow::Borrowed(b"true")),
        Value::Bool(false) => out.push(Cow::Borrowed(b"false")),
        Value::Array(items) => items.iter().for_each(|item| scalars(item, out)),
        _ => {}
    }
}

fn walk<'l>(object: &Object<'l>, path: &[Segment], out: &mut Found<'l>) {
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
        if let Some((key, word)) = &step.unlike {
            let Value::Object(object) = item else {
                continue;
            };
            if object
                .get(key)
                .is_some_and(|v| matches!(v, Value::Text(t) if **t == **word))
            {
                continue;
            }
        }
        if rest.is_empty() {
            scalars(item, out);
        } else if let Value::Object(object) = item {
            walk(object, rest, out);
        }
    }
}
