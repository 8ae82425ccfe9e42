//! The key or the word before a place in a line of no known format, and the keys of the objects around it
//! (docs/log-formats.md 6). Texts have one byte a character; a character outside ASCII is a byte of its own.
use memchr::{memchr3, memmem};

const LONGEST_KEY: usize = 64;
const LONGEST_WORD: usize = 16;
const MOST_WORDS: usize = 3;
/// Words that are looked at before a place without a key.
const MOST_NEAR: usize = 6;
/// Of these words the last ones that count.
const MOST_SAID: usize = 4;
/// Keys before `=` that say nothing alone.
const GENERAL: [&[u8]; 5] = [b"ip", b"address", b"addr", b"date", b"time"];
/// Words that say nothing between a word and its address: `from IP`, `từ địa chỉ IP`.
const FILLERS: [&str; 9] = [
    "ip", "ipv4", "ipv6", "address", "addr", "host", "dia", "chi", "co",
];
/// Objects in objects; what lies deeper has no keys.
const DEEPEST: usize = 32;
/// The key of an object that is a whole record (Elastic's search hits): it calls nothing a source.
const RECORD: &[u8] = b"_source";

/// The words of keys around a place, the inner first.
pub type Path = Vec<Vec<String>>;

/// The words of a key in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    pub words: Vec<String>,
    /// No `=` or `:` follows: only the last word is nearest.
    pub is_word: bool,
    /// Where a key without quotes begins that a colon and a space follow, as a tag of syslog does.
    pub start: Option<usize>,
}

fn is_key(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"_.@-".contains(&b)
}

fn is_general(key: &[u8]) -> bool {
    GENERAL.iter().any(|word| key.eq_ignore_ascii_case(word))
}

fn is_quote(b: u8) -> bool {
    b"\"'\\".contains(&b)
}

fn is_blank(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

/// `srcIpAddr`, `src_ip.addr` → src, ip, addr.
pub fn words_of(spelled: &[u8]) -> Vec<String> {
    let run = |from: usize, member: fn(&u8) -> bool| {
        from + spelled[from..].iter().take_while(|&b| member(b)).count()
    };
    let small = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&b) = spelled.get(at) {
        let upper = run(at, u8::is_ascii_uppercase);
        let end = if !b.is_ascii_uppercase() {
            run(at, small)
        } else if !spelled.get(upper).is_some_and(u8::is_ascii_lowercase) {
            upper
        } else if upper - at > 1 {
            upper - 1
        } else {
            run(upper, small)
        };
        if end == at {
            at += 1;
            continue;
        }
        found.push(String::from_utf8_lossy(&spelled[at..end]).to_ascii_lowercase());
        at = end;
    }
    found
}

/// Where the run of at most `most` members that ends at `at` begins.
fn back(text: &[u8], at: usize, member: fn(u8) -> bool, most: usize) -> usize {
    let run = text[..at].iter().rev().take(most);
    at - run.take_while(|&&b| member(b)).count()
}

/// The key of the value that begins at `start`, else the words before it.
pub fn before(text: &[u8], start: usize) -> Key {
    let opened = back(text, start, |b| b"\"'[(<\\".contains(&b), 4);
    let at = back(text, opened, is_blank, 3);
    match &text[..at] {
        [] => Key::default(),
        [.., b'=', b'>'] => key(text, at - 2, b'=', false),
        [.., sign @ (b'=' | b':')] => key(text, at - 1, *sign, at < opened),
        _ if at == start => Key::default(),
        _ => words(text, at),
    }
}

fn key(text: &[u8], end: usize, sign: u8, has_gap: bool) -> Key {
    let end = back(text, end, is_blank, 2);
    let at = back(text, end, is_quote, 3);
    let is_quoted = at < end;
    let nearest = back(text, at, is_key, LONGEST_KEY);
    if nearest == at {
        return Key::default();
    }
    let mut first = nearest;
    let mut parts = vec![&text[first..at]];
    // `Server IP=`: a word that says nothing alone takes the word before it, unless that is a value.
    let is_general = sign == b'=' && is_general(&text[first..at]);
    while (sign == b':' || is_quoted || (is_general && parts.len() == 1))
        && parts.len() < MOST_WORDS
        && first > 1
        && text[first - 1] == b' '
    {
        let end = first - 1;
        first = back(text, end, |b| b.is_ascii_alphabetic(), LONGEST_WORD);
        let is_value = |b: u8| is_key(b) || (sign != b':' && b"=:\"'\\".contains(&b));
        if first == end || (first > 0 && is_value(text[first - 1])) {
            break;
        }
        parts.insert(0, &text[first..end]);
    }
    Key {
        words: parts.into_iter().flat_map(words_of).collect(),
        is_word: false,
        start: (sign == b':' && has_gap && !is_quoted).then_some(nearest),
    }
}

fn words(text: &[u8], mut end: usize) -> Key {
    let mut found: Vec<String> = Vec::new();
    // BIND writes `client @0x7f6400 192.0.2.7#53000`.
    let pointer = back(text, end, is_key, LONGEST_KEY);
    if text[pointer..].starts_with(b"@0x") && pointer > 0 && text[pointer - 1] == b' ' {
        end = pointer - 1;
    }
    while found.len() < MOST_NEAR {
        let start = back(text, end, |b| b.is_ascii_alphabetic(), LONGEST_WORD);
        if start == end || (start > 0 && is_key(text[start - 1])) {
            break;
        }
        found.insert(
            0,
            String::from_utf8_lossy(&text[start..end]).to_ascii_lowercase(),
        );
        if start == 0 || text[start - 1] != b' ' {
            break;
        }
        end = start - 1;
    }
    let says = |word: &String| !FILLERS.contains(&word.as_str());
    let last = found.iter().rposition(says).map_or(found.len(), |i| i + 1);
    found.truncate(last);
    found.drain(..last.saturating_sub(MOST_SAID));
    Key {
        is_word: !found.is_empty(),
        words: found,
        start: None,
    }
}

/// For each place, in rising order, the words of the keys of the JSON objects around it, the inner first.
pub fn around(text: &[u8], places: &[usize]) -> Vec<Path> {
    let mut found: Vec<Path> = Vec::new();
    let mut stack: Vec<Vec<String>> = Vec::new();
    let first = memmem::find(text, b"{\"");
    let outer = first.map(|at| before(text, at)).filter(|key| !key.is_word);
    let mut key = outer.map(|key| key.words).unwrap_or_default();
    let path = |key: &Vec<String>, stack: &[Vec<String>]| -> Path {
        let all = std::iter::once(key).chain(stack.iter().rev());
        all.filter(|words| !words.is_empty()).cloned().collect()
    };
    let mut is_known = first.is_some();
    let mut at = first.unwrap_or(text.len());
    while found.len() < places.len() {
        let Some(mark) = memchr3(b'"', b'{', b'}', &text[at..]).map(|i| at + i) else {
            break;
        };
        at = mark + 1;
        let mut is_closed = false;
        if text[mark] == b'"' {
            (at, is_closed) = string_end(text, at);
        }
        while places.get(found.len()).is_some_and(|&place| place < at) {
            found.push(path(&key, &stack));
        }
        match text[mark] {
            b'"' => {
                let blank = text[at..].iter().take_while(|&&b| is_blank(b)).count();
                if is_closed && text.get(at + blank) == Some(&b':') {
                    let spelled = &text[mark + 1..at - 1];
                    let spelled = &spelled[spelled.len().saturating_sub(LONGEST_KEY)..];
                    key = if spelled == RECORD {
                        Vec::new()
                    } else {
                        words_of(spelled)
                    };
                }
            }
            b'{' if stack.len() == DEEPEST => {
                is_known = false;
                break;
            }
            b'{' => stack.push(std::mem::take(&mut key)),
            _ => {
                let outer = stack.pop().unwrap_or_default();
                key = if stack.is_empty() { Vec::new() } else { outer };
            }
        }
    }
    let rest = if is_known {
        path(&key, &stack)
    } else {
        Path::new()
    };
    found.resize(places.len(), rest);
    found
}

/// Where the string that begins at `at` ends, behind its quote; and whether it has one.
fn string_end(text: &[u8], mut at: usize) -> (usize, bool) {
    while let Some(&b) = text.get(at) {
        at += 1;
        match b {
            b'"' => return (at, true),
            b'\\' => at += 1,
            _ => {}
        }
    }
    (text.len(), false)
}
