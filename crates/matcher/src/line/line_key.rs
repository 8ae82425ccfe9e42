//! The key of a line: the values of its format's key fields. Lines with equal keys differ only in what decides nothing,
//! such as time and ports.
use crate::canonical::address;
use crate::canonical::names::authority;
use crate::format::FieldId;
use crate::line::record::Record;
use crate::line::tokens::is_path;

/// Bytes of a key; a longer key is not worth its room.
pub const LONGEST: usize = 512;
/// Stands for a port like any other.
const SOME_PORT: u8 = u8::MAX;
/// Stands for what follows the host of a target.
const REST: u8 = u8::MAX - 1;
/// Stands before the whole targets.
const WHOLE: u8 = u8::MAX - 2;
/// The most bytes of a value, and the most key fields.
const MOST: usize = WHOLE as usize - 1;

/// Spells the key of a record: the results of the tests, then the number, length and bytes of each value; of targets only
/// the hosts. False where it is too long.
pub fn spell(record: &Record<'_, '_>, text: &mut Vec<u8>) -> bool {
    let key_fields = &record.format.key_fields;
    let begin = text.len();
    for (field, test) in &key_fields.tests {
        let holds = test.holds(|look| record.each_as_written(*field, look));
        text.push(u8::from(holds));
    }
    let mut fits = put(record, &key_fields.fields, text);
    let targets = (key_fields.fields.len()..).zip(&key_fields.targets);
    for (number, &field) in targets {
        record.each_as_written(field, |value| {
            let host = host_of(value);
            fits &= put_value(number, host.unwrap_or(value), text);
            text.extend(host.map(|_| REST));
        });
    }
    let ports = (key_fields.fields.len() + key_fields.targets.len()..).zip(&key_fields.ports);
    for (number, &field) in ports {
        record.each_as_written(field, |value| {
            if address::parse_port(value).is_some_and(|port| key_fields.is_any(port)) {
                text.extend_from_slice(&[number as u8, SOME_PORT]);
                fits &= number <= MOST;
            } else {
                fits &= put_value(number, value, text);
            }
        });
    }
    fits && text.len() - begin <= LONGEST
}

/// Adds the whole targets; false where one is too long.
pub fn spell_targets(record: &Record<'_, '_>, text: &mut Vec<u8>) -> bool {
    text.push(WHOLE);
    put(record, &record.format.key_fields.targets, text)
}

fn put(record: &Record<'_, '_>, fields: &[FieldId], text: &mut Vec<u8>) -> bool {
    let mut fits = true;
    record.all_as_written(fields, |number, value| {
        fits &= put_value(number, value, text);
    });
    fits
}

#[inline]
fn put_value(number: usize, value: &[u8], text: &mut Vec<u8>) -> bool {
    text.extend_from_slice(&[number as u8, value.len() as u8]);
    text.extend_from_slice(value);
    number.max(value.len()) <= MOST
}

/// The host of a target that goes on behind its host; empty where the target is only a path. None for other targets.
fn host_of(target: &[u8]) -> Option<&[u8]> {
    if is_path(target) {
        return Some(&[]);
    }
    let end = authority(target)?.end;
    (end < target.len()).then(|| &target[..end])
}
