//! An indicator of a compiled set, as its list spells it.

/// What an indicator names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Domain,
    Ipv4,
    Ipv6,
    Cidr,
    IpPort,
    Url,
}

impl Kind {
    const WORDS: [(Kind, &'static str); 6] = [
        (Kind::Domain, "domain"),
        (Kind::Ipv4, "ipv4"),
        (Kind::Ipv6, "ipv6"),
        (Kind::Cidr, "cidr"),
        (Kind::IpPort, "ip-port"),
        (Kind::Url, "url"),
    ];

    pub fn parse(word: &str) -> Option<Kind> {
        let found = Kind::WORDS.iter().find(|(_, known)| *known == word);
        found.map(|(kind, _)| *kind)
    }

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        Kind::WORDS[self as usize].1
    }
}

/// One line of the list: hashed spelling, kind, family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// With `=` before an exact name and `*.` before subdomains only.
    pub hashed: &'a str,
    pub kind: &'a str,
    pub family: &'a str,
}

impl<'a> Item<'a> {
    /// The item whose line begins at `number` of a set file's list.
    pub fn at(list: &'a [u8], labels: &'a [u8], number: usize) -> Option<Self> {
        let line = list.get(number..)?;
        let (hashed, rest) = line.split_at(memchr::memchr(b'\t', line)?);
        let label = label(labels, &rest[1..])?;
        let label = std::str::from_utf8(&label[..memchr::memchr(b'\n', label)?]).ok()?;
        let (kind, family) = label.split_once('\t')?;
        let hashed = std::str::from_utf8(hashed).ok()?;
        Some(Item {
            hashed,
            kind,
            family,
        })
    }

    pub fn parse(line: &'a str) -> Option<Self> {
        let mut parts = line.splitn(3, '\t');
        Some(Item {
            hashed: parts.next()?,
            kind: parts.next()?,
            family: parts.next().unwrap_or(""),
        })
    }

    fn is_domain(&self) -> bool {
        self.kind == "domain"
    }

    /// The name on the wire.
    pub fn canonical(&self) -> &'a str {
        if self.is_domain() {
            self.hashed.strip_prefix('=').unwrap_or(self.hashed)
        } else {
            self.hashed
        }
    }

    /// Without the marks of scope.
    pub fn value(&self) -> &'a str {
        let canonical = self.canonical();
        if self.is_domain() {
            canonical.strip_prefix("*.").unwrap_or(canonical)
        } else {
            canonical
        }
    }
}

/// The labels from a place on; `digits` begins with this place.
pub(crate) fn label<'a>(labels: &'a [u8], digits: &[u8]) -> Option<&'a [u8]> {
    let place = digits
        .iter()
        .take(10)
        .take_while(|b| b.is_ascii_digit())
        .fold(0usize, |n, b| n * 10 + usize::from(b - b'0'));
    labels.get(place..)
}
