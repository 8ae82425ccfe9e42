//! Decoders that a variant names for a field (docs/log-formats.md 3): one value in, any number out.
use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};

use crate::canonical::address::{self, Address};

type Value<'l> = Cow<'l, [u8]>;
pub type Decoder = for<'l> fn(Value<'l>) -> Vec<Value<'l>>;

const DECODERS: [(&str, Decoder); 10] = [
    ("labels", labels),
    ("records", records),
    ("listed", separated),
    ("target", target),
    ("trigger", trigger),
    ("unquoted", unquoted),
    ("threat", threat),
    ("windows_results", windows_results),
    ("mentioned", mentioned),
    ("address", without_port),
];

/// Follows an address in the name of a trigger of a DNS response policy zone (RPZ), which spells the address
/// backwards. A search for addresses finds no such address, so the lines with this text are sought besides.
pub const TRIGGER: &[u8] = b".rpz-ip";

/// The decoder of that name.
pub fn named(name: &str) -> Option<Decoder> {
    let found = DECODERS.iter().find(|(known, _)| *known == name);
    found.map(|(_, decoder)| *decoder)
}

/// `(3)www(7)example(3)org(0)` becomes `www.example.org`. The root, `(0)`, gives no value; a value of any
/// other form stays as it is.
fn labels(value: Value<'_>) -> Vec<Value<'_>> {
    match joined_labels(&value) {
        None => vec![value],
        Some(name) if name.is_empty() => Vec::new(),
        Some(name) => vec![Cow::Owned(name)],
    }
}

/// The data of each resource record, if it is one word. Records are `NAME TTL CLASS TYPE DATA`, parted by
/// `;`.
fn records(value: Value<'_>) -> Vec<Value<'_>> {
    // `is_ascii_whitespace` leaves out the vertical tab, 0x0b; the portable engine parts words there, too.
    let space = |b: &u8| b.is_ascii_whitespace() || *b == 0x0b;
    let data = |record: &[u8]| {
        let mut words = record.split(space).filter(|w| !w.is_empty());
        let found = words.nth(4)?.to_vec();
        words.next().is_none().then_some(Cow::Owned(found))
    };
    value.split(|b| *b == b';').filter_map(data).collect()
}

/// The values of a list, parted by commas, semicolons or white space.
fn separated(value: Value<'_>) -> Vec<Value<'_>> {
    let between = |b: &u8| b.is_ascii_whitespace() || b"\x0b,;".contains(b);
    let parts = value.split(between).filter(|v| !v.is_empty());
    parts.map(|v| Cow::Owned(v.to_vec())).collect()
}

/// The target of an HTTP request as a URL: `host/path` becomes `http://host/path`. Quotes around it are taken
/// off. A target with a scheme, or that begins with `/`, stays.
fn target(value: Value<'_>) -> Vec<Value<'_>> {
    let bare = value.strip_prefix(b"\"").unwrap_or(&value);
    let bare = bare.strip_suffix(b"\"").unwrap_or(bare);
    if bare.starts_with(b"/") || memmem::find(bare, b"://").is_some() {
        return vec![Cow::Owned(bare.to_vec())];
    }
    vec![Cow::Owned([b"http://", bare].concat())]
}

/// The address in the name of an RPZ trigger: the length of its prefix, its parts backwards, `rpz-ip` and the
/// zone.
///
/// IPv4 looks like `32.9.113.0.203.rpz-ip.ZONE`, IPv6 like `128.1.zz.db8.2001.rpz-ip.ZONE`. A network, with a
/// shorter prefix, gives no value.
fn trigger(value: Value<'_>) -> Vec<Value<'_>> {
    let found = || {
        let end = memmem::find(&value, TRIGGER)?;
        if !matches!(value.get(end + TRIGGER.len()), None | Some(b'.')) {
            return None;
        }
        let mut parts: Vec<&[u8]> = value[..end].rsplit(|b| *b == b'.').collect();
        match (parts.pop()?, parts.len()) {
            (b"32", 4) => address::parse_v4(&parts.join(&b'.')).map(Address::from_v4),
            (b"128", 1..=8) => groups(&parts),
            _ => None,
        }
    };
    let spelled = found().map(|address| Cow::Owned(address.text().into_bytes()));
    spelled.into_iter().collect()
}

/// An IPv6 address from its groups, in reading order; `zz` stands for the zeros that `::` leaves out.
fn groups(parts: &[&[u8]]) -> Option<Address> {
    let is_group = |part: &&[u8]| {
        *part == b"zz" || (1..=4).contains(&part.len()) && part.iter().all(u8::is_ascii_hexdigit)
    };
    if !parts.iter().all(is_group) {
        return None;
    }
    let spelled = match parts.iter().position(|part| *part == b"zz") {
        None => parts.join(&b':'),
        Some(at) => [parts[..at].join(&b':'), parts[at + 1..].join(&b':')].join(&b"::"[..]),
    };
    address::parse(&spelled)
}

/// The value without the quotes around it. Two quotes with nothing between them give no value.
fn unquoted(value: Value<'_>) -> Vec<Value<'_>> {
    let inside = |value: &[u8]| {
        let bare = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        Some(bare.to_vec())
    };
    let bare = inside(&value).map_or(value, Cow::Owned);
    if bare.is_empty() {
        Vec::new()
    } else {
        vec![bare]
    }
}

/// The domain in a threat name of PAN-OS: `generic:www.example.org(4000001)` or
/// `(generic:www.example.org)(4000001)`. A threat name of another form gives no value.
fn threat(value: Value<'_>) -> Vec<Value<'_>> {
    let name = || {
        let text = value.strip_suffix(b")")?;
        let open = text.iter().rposition(|b| !b.is_ascii_digit())?;
        if text[open] != b'(' || open + 1 == text.len() {
            return None;
        }
        let text = &text[..open];
        let text = text.strip_suffix(b")").unwrap_or(text);
        let part = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b);
        let colon = text.iter().rposition(|b| !part(b))?;
        (text[colon] == b':' && colon + 1 < text.len()).then(|| text[colon + 1..].to_vec())
    };
    name().map(Cow::Owned).into_iter().collect()
}

/// The names and addresses in the results of a DNS query, as Windows writes them:
/// `type:  5 www.example.org;192.0.2.1;`. A result may begin with the number of its record type.
fn windows_results(value: Value<'_>) -> Vec<Value<'_>> {
    let parts = value
        .split(|b| *b == b';')
        .map(|part| without_type(trim_spaces(part)));
    let kept = parts.filter(|part| !part.is_empty() && *part != b"-");
    kept.map(|part| Cow::Owned(part.to_vec())).collect()
}

/// What parts the words of a text: also line ends that a sender wrote as an escape.
static BETWEEN: LazyLock<Regex> = LazyLock::new(|| expression(r#"[\s"'<>]|\\[rn]"#));
static SCHEME: LazyLock<Regex> = LazyLock::new(|| expression("[A-Za-z0-9+.-]*://"));

fn expression(text: &str) -> Regex {
    let mut builder = RegexBuilder::new(text);
    builder
        .unicode(false)
        .build()
        .expect("a constant expression")
}

/// The URLs, names and addresses among the words of a text, each as a URL.
fn mentioned(value: Value<'_>) -> Vec<Value<'_>> {
    let words = BETWEEN.split(&value).filter_map(|word| {
        let start = word.iter().position(|b| !b"([{".contains(b))?;
        let end = word.iter().rposition(|b| !b".,;:)]}".contains(b))?;
        let bare = word.get(start..=end)?;
        if let Some(scheme) = SCHEME.find(bare) {
            return Some(bare[scheme.start()..].to_vec());
        }
        let holds = |some: &[u8]| bare.iter().any(|b| some.contains(b));
        (holds(b".:") && !holds(b"\\@=")).then(|| [b"http://", bare].concat())
    });
    words.map(Cow::Owned).collect()
}

static WITH_PORT: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"\A(?:(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}|\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?)\z")
});

/// An address without its port and brackets; any other value stays.
fn without_port(value: Value<'_>) -> Vec<Value<'_>> {
    let bare = WITH_PORT.captures(&value).and_then(|found| {
        let address = found.get(1).or_else(|| found.get(2))?;
        Some(address.as_bytes().to_vec())
    });
    vec![bare.map_or(value, Cow::Owned)]
}

/// The part without spaces at both ends.
fn trim_spaces(part: &[u8]) -> &[u8] {
    let start = part.iter().position(|b| *b != b' ').unwrap_or(part.len());
    let end = part
        .iter()
        .rposition(|b| *b != b' ')
        .map_or(start, |at| at + 1);
    &part[start..end]
}

/// The part without `type:`, a number and spaces at its start; a part of another form stays.
fn without_type(part: &[u8]) -> &[u8] {
    let count =
        |rest: &[u8], wanted: fn(&u8) -> bool| rest.iter().take_while(|b| wanted(b)).count();
    let Some(rest) = part.strip_prefix(b"type:") else {
        return part;
    };
    let rest = &rest[count(rest, |b| *b == b' ')..];
    let digits = count(rest, u8::is_ascii_digit);
    let spaces = count(&rest[digits..], |b| *b == b' ');
    if digits == 0 || spaces == 0 {
        return part;
    }
    &rest[digits + spaces..]
}

/// The labels of `(3)www(7)example(3)org(0)` joined by dots, empty for `(0)`; None for another form. The
/// numbers are not compared with the lengths of the labels.
fn joined_labels(value: &[u8]) -> Option<Vec<u8>> {
    let mut rest = value.strip_suffix(b"(0)")?;
    let mut name = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let digits = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        let body = rest.get(digits + 2..)?;
        let zero = rest[1..].iter().take(digits).all(|b| *b == b'0');
        if rest[0] != b'(' || zero || !(1..=2).contains(&digits) || rest[digits + 1] != b')' {
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
            ("(00)a(7)example(0)", Some("(00)a(7)example(0)")),
            ("(", Some("(")),
        ] {
            let found = labels(Cow::Borrowed(text.as_bytes()));
            assert_eq!(
                found.first().map(|v| &**v),
                want.map(str::as_bytes),
                "{text}"
            );
        }
    }

    #[test]
    fn the_addresses_in_a_text_become_urls() {
        let text = br"User: XA-A\an.nguyen (Active)\r\nObject: (https://a.example/b?c=1),\r\nFrom: 192.0.2.1:445. u=x.example url=http://d.example";
        let found = mentioned(Cow::Borrowed(&text[..]));
        let wanted = [
            "https://a.example/b?c=1",
            "http://192.0.2.1:445",
            "http://d.example",
        ];
        assert_eq!(found, wanted.map(str::as_bytes));
    }

    #[test]
    fn a_port_and_brackets_are_left_out() {
        for (text, want) in [
            ("192.0.2.1:5000", "192.0.2.1"),
            ("[2001:db8::1]:5000", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("192.0.2.1", "192.0.2.1"),
            ("pc-07:5000", "pc-07:5000"),
            ("192.0.2.1:5000\n", "192.0.2.1:5000\n"),
        ] {
            let found = without_port(Cow::Borrowed(text.as_bytes()));
            assert_eq!(found, [want.as_bytes()], "{text}");
        }
    }

    #[test]
    fn the_data_of_records_is_their_fifth_word() {
        let text = b"a.example. 60 IN CNAME b.example.; b.example. 60 IN A 192.0.2.1; c. 60 IN MX 10 m.example.;";
        let found = records(Cow::Borrowed(&text[..]));
        assert_eq!(found, [&b"b.example."[..], b"192.0.2.1"]);
    }
}
