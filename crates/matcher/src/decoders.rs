//! Decoders that a variant names for a field (docs/log-formats.md 3): one value in, one or none out.
use std::borrow::Cow;

type Value<'l> = Cow<'l, [u8]>;
/// None means "no value".
pub type Decoder = for<'l> fn(Value<'l>) -> Option<Value<'l>>;

const DECODERS: [(&str, Decoder); 1] = [("labels", labels)];

/// The decoder of that name.
pub fn named(name: &str) -> Option<Decoder> {
    let found = DECODERS.iter().find(|(known, _)| *known == name);
    found.map(|(_, decoder)| *decoder)
}

/// `(3)www(7)example(3)org(0)` as `www.example.org`; the root has no value, what is no such name stays.
fn labels(value: Value<'_>) -> Option<Value<'_>> {
    let Some(name) = join(&value) else {
        return Some(value);
    };
    (!name.is_empty()).then_some(Cow::Owned(name))
}

fn join(value: &[u8]) -> Option<Vec<u8>> {
    let mut rest = value.strip_suffix(b"(0)")?;
    let mut name = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let digits = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        let body = rest.get(digits + 2..)?;
        if rest[0] != b'(' || !(1..=2).contains(&digits) || rest[digits + 1] != b')' {
            return None;
        }
        let space = |b: &u8| b.is_ascii_whitespace() || *b == 0x0b;
        let end = body
            .iter()
            .position(|b| matches!(b, b'(' | b')') || space(b))
            .unwrap_or(body.len());
        if end == 0 {
            return None;
        }
        if !name.is_empty() {
            name.push(b'.');
        }
        name.extend_from_slice(&body[..end]);
        rest = &body[end..];
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_prefixed_labels_become_a_name() {
        for (text, want) in [
            ("(3)www(7)example(3)org(0)", Some("www.example.org")),
            ("(0)", None),
            ("www.example.org", Some("www.example.org")),
            ("(3)www(7)example", Some("(3)www(7)example")),
            ("(3)(0)", Some("(3)(0)")),
            ("(0)(0)", Some("(0)(0)")),
            ("(", Some("(")),
        ] {
            let found = labels(Cow::Borrowed(text.as_bytes()));
            assert_eq!(found.as_deref(), want.map(str::as_bytes), "{text}");
        }
    }
}
