//! What a line says, but for the time: the values of its format's decisive fields, as far as they decide anything.
use crate::address;
use crate::format::FieldId;
use crate::names::authority;
use crate::record::Record;
use crate::tokens::is_path;

/// Longer texts are not worth their room.
pub const LONGEST: usize = 512;
/// Ends the values of a field, each of which begins with its length.
const END: u8 = u8::MAX;
/// Stands for a port like any other.
const SOME_PORT: u8 = u8::MAX - 1;
/// Stands for what follows the host of a target.
const REST: u8 = u8::MAX - 2;
const LONGEST_VALUE: usize = REST as usize - 1;

/// Spells it: all values, how the tests ended, and ports and targets, without what follows the hosts of targets; false where it is too long.
pub fn spell(record: &Record<'_, '_>, text: &mut Vec<u8>) -> bool {
    let decisive = &record.format.decisive;
    let begin = text.len();
    let mut fits = put(record, &decisive.fields, text);
    for (field, test) in &decisive.tests {
        let holds = test.holds(|look| record.each_as_written(*field, look));
        text.push(u8::from(holds));
    }
    for &field in &decisive.targets {
        record.each_as_written(field, |value| {
            let host = host_of(value);
            fits &= put_value(host.unwrap_or(value), text);
            text.extend(host.map(|_| REST));
        });
        text.push(END);
    }
    for &field in &decisive.ports {
        record.each_as_written(field, |value| {
            if address::parse_port(value).is_some_and(|port| decisive.is_any(port)) {
                text.push(SOME_PORT);
            } else {
                fits &= put_value(value, text);
            }
        });
        text.push(END);
    }
    fits && text.len() - begin <= LONGEST
}

/// Adds the whole targets; false where one is too long.
pub fn spell_targets(record: &Record<'_, '_>, text: &mut Vec<u8>) -> bool {
    put(record, &record.format.decisive.targets, text)
}

fn put(record: &Record<'_, '_>, fields: &[FieldId], text: &mut Vec<u8>) -> bool {
    let mut fits = true;
    for &field in fields {
        record.each_as_written(field, |value| fits &= put_value(value, text));
        text.push(END);
    }
    fits
}

fn put_value(value: &[u8], text: &mut Vec<u8>) -> bool {
    text.push(value.len() as u8);
    text.extend_from_slice(value);
    value.len() <= LONGEST_VALUE
}

/// What tells of the host of a target that goes on behind it: nothing of one that is only a path. None for others.
fn host_of(target: &[u8]) -> Option<&[u8]> {
    if is_path(target) {
        return Some(&[]);
    }
    let end = authority(target)?.end;
    (end < target.len()).then(|| &target[..end])
}
