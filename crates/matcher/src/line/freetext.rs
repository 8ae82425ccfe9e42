//! Tokens of a line of no known format (docs/log-formats.md 6). All names and addresses of the line count,
//! except those in queries, in referrers, and in the path and user information of a URL with a scheme: there
//! they are only mentioned. The line is read as characters; each byte outside UTF-8 is a character of its
//! own. `attribution` says which machine such a line tells of, `moments` when.
use crate::canonical::names::{Host, is_wide_dot, name, path_of, split_url, trim_dots};
use crate::canonical::{address, marks};
use crate::line::chars::{BLANK, Text, ascii, at, is, is_end, is_space, is_word, run};
use crate::line::hit::Field;
use crate::line::places::{addresses, port_after, with_ports_apart};
use crate::line::tokens::{self, Token};
use crate::set::Set;

/// Characters before a quoted URL: if they hold `refer`, the URL is a referrer.
const REFERRER_BEFORE: usize = 16;
const PUNCTUATION: &[u8] = b".,;:)]}";
/// Characters of a scheme (docs/log-formats.md 6.2).
const LONGEST_SCHEME: usize = 32;
/// Characters of a path after its first `/`, in a URL without a scheme (docs/log-formats.md 6.3).
const LONGEST_PATH: usize = 2_047;

/// What is left of a line, all places as before.
pub struct Cleared {
    /// Without queries and referrers; None where that is `clear`.
    masked: Option<Vec<u32>>,
    /// The places of URLs in `masked`.
    urls: Vec<(usize, usize)>,
    /// Without the paths and the user information of URLs, too.
    pub clear: Vec<u32>,
}

impl Cleared {
    fn masked(&self) -> &[u32] {
        self.masked.as_deref().unwrap_or(&self.clear)
    }
}

/// The line without what is only mentioned.
pub fn cleared(text: &Text<'_>) -> Cleared {
    let mut clear = mask(text);
    let urls = urls(&clear);
    let masked = (!urls.is_empty()).then(|| clear.clone());
    for &(start, end) in &urls {
        clear_path(&mut clear, start, end);
    }
    Cleared {
        masked,
        urls,
        clear,
    }
}

/// One byte a character; a character outside ASCII is a byte that no text in UTF-8 holds.
pub fn flat(chars: &[u32]) -> Vec<u8> {
    chars
        .iter()
        .map(|&c| if c < 0x80 { c as u8 } else { 0xFF })
        .collect()
}

/// The characters with those of queries and referrers replaced by blanks, so that all places stay.
///
/// A quoted URL is a referrer if `refer` stands before it, or if it is the next one behind a quoted request line
/// and no key names it.
fn mask(text: &Text<'_>) -> Vec<u32> {
    let whole = &text.chars;
    let mut masked = whole.clone();
    let mut is_awaited = false;
    let mut i = 0;
    while i < whole.len() {
        let Some(is_url) = (whole[i] == u32::from(b'"'))
            .then(|| quoted(&whole[i + 1..]))
            .flatten()
        else {
            i += 1;
            continue;
        };
        let end = run(whole, i + 1, |c| c != u32::from(b'"'));
        let before = flat(&whole[i.saturating_sub(REFERRER_BEFORE)..i]);
        let refers = || {
            before
                .to_ascii_lowercase()
                .windows(5)
                .any(|w| w == b"refer")
        };
        if !is_url {
            is_awaited = true;
        } else if (is_awaited && !is_named(&before)) || refers() {
            masked[i + 1..end].fill(BLANK);
            is_awaited = false;
        }
        i = end;
    }
    let mut i = 0;
    while i < masked.len() {
        if masked[i] == u32::from(b'?') {
            let end = run(&masked, i + 1, |c| !is_end(c));
            masked[i + 1..end].fill(BLANK);
            i = end;
        } else {
            i += 1;
        }
    }
    masked
}

/// Whether a key and its sign end here: they name the quoted value that follows.
fn is_named(before: &[u8]) -> bool {
    let escapes = before.iter().rev().take_while(|b| b"\\\"'".contains(b));
    let before = &before[..before.len() - escapes.count()];
    let before = before.strip_suffix(b" ").unwrap_or(before);
    before.ends_with(b"=") || before.ends_with(b":")
}

/// The kind of a quoted text: true for a URL, false for a request line (a method, a target, `HTTP/` and a
/// digit), None for other text.
fn quoted(chars: &[u32]) -> Option<bool> {
    let starts = |at: usize, word: &[u8]| {
        let mut places = word.iter().zip(at..);
        places.all(|(b, i)| ascii(self::at(chars, i)).eq_ignore_ascii_case(b))
    };
    if starts(0, b"http://") || starts(0, b"https://") {
        return Some(true);
    }
    let letters = chars
        .iter()
        .take(11)
        .take_while(|&&c| ascii(c).is_ascii_alphabetic())
        .count();
    if !(3..=10).contains(&letters) || at(chars, letters) != BLANK {
        return None;
    }
    let target = run(chars, letters + 1, |c| !is(c, b" \""));
    let is_request = target > letters + 1
        && starts(target, b" http/")
        && ascii(at(chars, target + 6)).is_ascii_digit();
    is_request.then_some(false)
}

/// The start and end of each URL `scheme://…`.
fn urls(masked: &[u32]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut i = 0;
    let mark: Vec<u32> = b"://".iter().map(|&b| u32::from(b)).collect();
    while i + 3 <= masked.len() {
        if masked[i..i + 3] != mark[..] {
            i += 1;
            continue;
        }
        let scheme = |c: u32| ascii(c).is_ascii_alphanumeric() || is(c, b"+.-");
        let mut start = i;
        while start > from && i - start < LONGEST_SCHEME && scheme(masked[start - 1]) {
            start -= 1;
        }
        match (start..i).find(|&s| ascii(masked[s]).is_ascii_alphabetic()) {
            Some(start) => {
                let host = run(masked, i + 3, |c| {
                    !is(c, b"/?#\\") && !is_end(c) && !marks::parts(c)
                });
                let has_path = is(at(masked, host), b"/?#\\");
                let end = if has_path {
                    run(masked, host, |c| !is_end(c))
                } else {
                    host
                };
                found.push((start, end));
                from = end;
                i = end;
            }
            None => i += 1,
        }
    }
    found
}

/// The tokens of the line that the set or its providers may list, in the order of their places. Of a line of a million bytes
/// all tokens would take more memory than the contract has.
pub fn listed(set: &Set, line: &[u8]) -> Vec<(Field, Token)> {
    read(line, |token| tokens::may_list(set, token))
}

/// The tokens of the line that are to be kept, in the order of their places.
pub fn read(line: &[u8], keeps: impl Fn(&Token) -> bool) -> Vec<(Field, Token)> {
    let text = Text::new(line);
    let view = cleared(&text);
    let (masked, clear) = (view.masked(), &view.clear);
    let mut found: Vec<(usize, Token)> = Vec::new();
    let mut add = |place: usize, token: Token| {
        if keeps(&token) {
            found.push((place, token));
        }
    };
    for &(start, end) in &view.urls {
        // The token has the query, too, although it is blanked.
        let mut stop = end;
        while stop < masked.len() && masked[stop] == BLANK && !is_end(text.chars[stop]) {
            stop += 1;
        }
        if let Some((host, port, rest)) = split_url(trim_end(text.bytes(start, stop)))
            && !rest.is_empty()
        {
            add(start, Token::Url(host, port, rest));
        }
    }
    let mut places = addresses(&text, clear);
    with_ports_apart(clear, &mut places);
    for place in places {
        let host = Host::Address(place.address);
        add(place.start, Token::Host(host.clone(), place.port));
        if let Some(url) = bare_url(&text, masked, place.start, place.stop, host) {
            add(place.start, url);
        }
    }
    let in_name = |c: u32| c >= 0x80 && !marks::parts(c) || is_word(c) || is(c, b".-");
    let mut i = 0;
    while i < clear.len() {
        if !in_name(clear[i]) {
            i += 1;
            continue;
        }
        let end = run(clear, i, in_name);
        let spelled = trim_dots(text.bytes(i, end));
        if spelled.contains(&b'.') || !spelled.is_ascii() && spelled.windows(3).any(is_wide_dot) {
            let mut host = Host::Name(name(spelled));
            let mut port = None;
            if !spelled.is_ascii()
                && let Host::Name(name) = host
            {
                // In full-width digits, or with other full stops.
                host = Host::named(name);
                let is_address = matches!(host, Host::Address(_));
                port = is_address.then(|| port_after(clear, end)).flatten();
            }
            add(i, Token::Host(host.clone(), port));
            if let Some(url) = bare_url(&text, masked, i, end, host) {
                add(i, url);
            }
        }
        i = end;
    }
    prefixed(&text, clear, &mut add);
    found.sort_by_key(|(place, _)| *place);
    found
        .into_iter()
        .map(|(_, token)| (Field::Text, token))
        .collect()
}

fn trim_end(text: &[u8]) -> &[u8] {
    let mut end = text.len();
    while end > 0 {
        let mark = (2..=3).find(|&n| n <= end && marks::size(&text[end - n..end]) == n);
        if mark.is_none() && !PUNCTUATION.contains(&text[end - 1]) {
            break;
        }
        end -= mark.unwrap_or(1);
    }
    &text[..end]
}

/// Blanks the user information of the URL from `start` to `end`, and all behind its authority: names there
/// are only mentioned.
fn clear_path(clear: &mut [u32], start: usize, end: usize) {
    let colon = (start..end)
        .find(|&i| clear[i] == u32::from(b':'))
        .unwrap_or(start);
    let from = colon + 3;
    let cut = (from..end).find(|&i| is(clear[i], b"/?#\\")).unwrap_or(end);
    if let Some(user) = (from..cut).rev().find(|&i| clear[i] == u32::from(b'@')) {
        clear[from..=user].fill(BLANK);
    }
    clear[cut..end].fill(BLANK);
}

/// The URL token of `host/path` or `host:port/path` without a scheme; the host stands from `start` to `end`.
/// None if no path follows, or if `//` stands before the host.
fn bare_url(
    text: &Text<'_>,
    masked: &[u32],
    start: usize,
    end: usize,
    host: Host,
) -> Option<Token> {
    let slash = u32::from(b'/');
    if start >= 2 && masked[start - 1] == slash && masked[start - 2] == slash {
        return None;
    }
    let mut path = end;
    let mut port = None;
    if at(&text.chars, end) == u32::from(b':') {
        let digits = run(&text.chars, end + 1, |c| ascii(c).is_ascii_digit());
        if (1..=5).contains(&(digits - end - 1)) {
            port = address::parse_port(text.bytes(end + 1, digits));
            path = digits;
        }
    }
    if at(&text.chars, path) != slash {
        return None;
    }
    let stop = run(&text.chars, path, |c| !is_end(c)).min(path + 1 + LONGEST_PATH);
    let rest = path_of(trim_end(text.bytes(path, stop)));
    Some(Token::Url(host, port, rest))
}

/// Length-prefixed names as Windows DNS logs write them: `(4)evil(7)example(0)`.
fn prefixed(text: &Text<'_>, chars: &[u32], add: &mut impl FnMut(usize, Token)) {
    // The place behind a length such as `(4)` at `i`: its label begins there. None without a length, or for
    // zero.
    let label_start = |i: usize| {
        let digits = (1..=2)
            .take_while(|n| ascii(at(chars, i + n)).is_ascii_digit())
            .count();
        let is_zero = (1..=digits).all(|n| at(chars, i + n) == u32::from(b'0'));
        (at(chars, i) == u32::from(b'(')
            && !is_zero
            && at(chars, i + 1 + digits) == u32::from(b')'))
        .then_some(i + digits + 2)
    };
    let body = |c: u32| !is(c, b"()") && !is_space(c);
    let mut i = 0;
    while i < chars.len() {
        let mut labels: Vec<&[u8]> = Vec::new();
        let mut next = i;
        while let Some(start) = label_start(next) {
            let end = run(chars, start.min(chars.len()), body);
            if end == start {
                break;
            }
            labels.push(text.bytes(start, end));
            next = end;
        }
        // The root's empty label ends a name.
        if !labels.is_empty() && (0..3).all(|n| at(chars, next + n) == u32::from(b"(0)"[n])) {
            add(i, Token::Host(Host::Name(name(&labels.join(&b'.'))), None));
            i = next + 3;
        } else {
            i += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(line: &str) -> Vec<String> {
        let spell = |host: &Host| String::from_utf8_lossy(&host.spelled()).into_owned();
        read(line.as_bytes(), |_| true)
            .iter()
            .map(|(_, token)| match token {
                Token::Host(host, None) => spell(host),
                Token::Host(host, Some(port)) => format!("{}:{port}", spell(host)),
                Token::Url(host, port, rest) => {
                    format!(
                        "url {} {port:?} {}",
                        spell(host),
                        String::from_utf8_lossy(rest)
                    )
                }
            })
            .collect()
    }

    #[test]
    fn mentions_do_not_count() {
        let line =
            r#"1.2.3.4 "GET /a?u=http://evil.example/ HTTP/1.1" 200 "http://evil.example/" "curl""#;
        // A dotted address, or a version, is tried as a name too; no list holds such a name.
        assert_eq!(tokens(line), ["1.2.3.4", "1.2.3.4", "1.1"]);
        assert_eq!(
            tokens("get http://fine.test/evil.example"),
            ["url fine.test None /evil.example", "fine.test"]
        );
    }

    #[test]
    fn tokens_end_where_words_end() {
        assert_eq!(tokens("to 1.2.3.4."), ["1.2.3.4", "1.2.3.4"]);
        assert_eq!(
            tokens("1.2.3.4.5 11.2.3.4x 1.2.3.44a"),
            ["1.2.3.4.5", "11.2.3.4x", "1.2.3.44a"]
        );
        assert_eq!(tokens("(-1.2.3.4-)"), ["-1.2.3.4-", "1.2.3.4"]);
        assert_eq!(
            tokens("[2001:db8::1]:53 ::ffff:1.2.3.4%eth0"),
            ["[2001:db8::1]:53", "1.2.3.4", "1.2.3.4"]
        );
        assert_eq!(tokens("(4)evil(7)example(0)"), ["evil.example"]);
    }
}
