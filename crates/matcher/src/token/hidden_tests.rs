//! Names that escapes, colours and bytes outside ASCII hide: phase 1 names every line in which a reading finds one, and spares
//! lines of plain text.
use super::tests::{Random, named};
use super::*;
use crate::canonical::names::{name, split_authority};
use crate::line::tokens::{self, Token};
use crate::line::{escapes, freetext, hit::Field};
use crate::reader::plain_lines::with_lines_read;
use crate::set::setfile;
use crate::shape::wrapper::Readings;

const LIST: &str = "2001:db8::1\tipv6\t
203.0.113.9\tipv4\t
evil.example\tdomain\t
xn--bcher-kva.example\tdomain\t
xn--tda.example\tdomain\t
";
/// Some listed, some not.
const WORDS: &[&str] = &[
    "evil.example",
    "bücher.example",
    "ü.example",
    "a.evil.example",
    "203.0.113.9",
    "2001:db8::1",
    "bücher.example.org",
    "evil",
    "máy",
    "Báo-cáo.docx",
    "com.example.Main",
    "10.1.2.3",
];
/// Signs around a name, and signs in it.
const AROUND: &[&str] = &[
    "",
    "",
    " ",
    "\\n",
    "\\t",
    "\\\\n",
    "\\r\\n",
    "\\b",
    "\\f",
    "\\\"",
    "\\/",
    "\\\\",
    "\\u0026",
    "\\u003c",
    ":",
    "é",
    "\\u00e9",
    "\\ud83d\\udce2",
    "a",
    "n",
    "7",
    "-",
    ".",
    "\u{3002}",
    "\\u001b[36m",
    "\\u001b[2K",
    "\\u001b[40G",
    "\\u001b",
    "(",
    "://",
    "tới",
    "C:\\Users\\Địa",
    ",",
    "=",
    "?",
    "%",
    "@",
    "\\u005c",
    "“",
    "\u{a0}",
    "\u{2013}",
    "\u{ff1a}",
    "\\u201d",
    "\\\\u2192",
    "\\u0023033[36m",
    "^\\u005b[0m",
    "#033[1\\u003b36m",
];
const INSIDE: &[&str] = &[
    "\u{ad}",
    "\\u00ad",
    "\\\\u00ad",
    "\\u001b[0m",
    "\\\\u001b[1m",
    "\u{200b}",
];

/// A character in one of its spellings.
fn spell(c: char, random: &mut Random, out: &mut String) {
    let wide = char::from_u32(u32::from(c) + 0xFEE0);
    match random.number(40) {
        0 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        1 => out.push_str(&format!("\\\\u{:04X}", u32::from(c))),
        2 if c.is_ascii() => out.extend(wide),
        3 if c.is_ascii() => out.push_str(&format!("\\u{:04x}", wide.map_or(0, u32::from))),
        4 if c == '.' => out.push_str(random.pick(&["\u{3002}", "\\u3002", "\\uff61"])),
        5 => {
            out.push(c);
            out.push_str(random.pick(INSIDE));
        }
        _ => out.push(c),
    }
}

/// Whether any reading of the line holds something listed.
fn is_listed(set: &Set, line: &[u8]) -> bool {
    let readings = Readings::new(line);
    let texts: Vec<&[u8]> = std::iter::once(line).chain(readings.texts()).collect();
    let undone = texts.iter().filter_map(|text| escapes::undone(text));
    let undone: Vec<Vec<u8>> = undone.collect();
    let mut all = texts
        .iter()
        .copied()
        .chain(undone.iter().map(Vec::as_slice));
    let is_hit = |found: &[(Field, Token)]| !tokens::hits(set, found).is_empty();
    let fields = || {
        let inner = texts.iter().flat_map(|text| strings(text));
        let mut values = inner.flat_map(|text| [strings(text.as_bytes()), vec![text]].concat());
        values.any(|value| {
            let (host, port) = split_authority(value.as_bytes());
            is_hit(&[
                (Field::Query, Token::whole(value.as_bytes())),
                (Field::Host, Token::Host(host, port)),
            ])
        })
    };
    all.any(|text| is_hit(&freetext::listed(set, text))) || fields()
}

/// The strings of a JSON object.
fn strings(text: &[u8]) -> Vec<String> {
    let found: Option<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_slice(text).ok();
    let values = found.into_iter().flatten();
    values
        .filter_map(|(_, value)| value.as_str().map(str::to_owned))
        .collect()
}

#[test]
fn every_line_that_hides_a_name_is_named() {
    let set = setfile::compile(LIST.as_bytes(), None).unwrap();
    let mut scratch = Box::<Scratch>::default();
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let (mut hits, mut spared) = (0, 0);
    for round in 0..if cfg!(debug_assertions) {
        4_000
    } else {
        20_000
    } {
        let mut text = String::new();
        for _ in 0..random.number(3) {
            text += random.pick(AROUND);
        }
        for c in random.pick(WORDS).chars() {
            spell(c, &mut random, &mut text);
        }
        for _ in 0..random.number(3) {
            text += random.pick(AROUND);
        }
        let line = match random.number(4) {
            0 => text,
            1 => format!(r#"{{"x":"{text}"}}"#),
            2 => format!(r#"{{"message":"{text}"}}"#),
            _ => {
                let inner = format!(r#"{{"x":"{text}"}}"#);
                serde_json::json!({ "message": inner }).to_string()
            }
        };
        let line = with_lines_read(line.as_bytes());
        let (lines, _) = named(&set, Level::best(), &line, round % 67, &mut scratch);
        let is_named = !lines.is_empty();
        if is_listed(&set, &line) {
            assert!(is_named, "missed: {}", String::from_utf8_lossy(&line));
            hits += 1;
        } else {
            spared += usize::from(!is_named);
        }
    }
    assert!(hits > 600 && spared > 600, "{hits} hits, {spared} spared");
}

#[test]
fn lines_of_plain_text_are_spared() {
    let set = setfile::compile(LIST.as_bytes(), None).unwrap();
    let mut scratch = Box::<Scratch>::default();
    for line in [
        "Người dùng đăng nhập từ máy trạm 10.1.2.3 thất bại.",
        "Lỗi: không mở được tệp Báo cáo.docx, máy chủ: 10.1.2.3:443",
        r"C:\Users\Địa chỉ\tài liệu\new.docx",
        r#"{"t":"K\u1ebft n\u1ed1i \ud83d\udce2 xong.\nTi\u1ebfp","p":"\/a\/b","s":"\"ok\" \u0026 \u003cb\u003e","d":"C:\\Windows\\system32\\rundll32.exe"}"#,
        r#"{"log":"\u001b[90m12:30:45\u001b[0m \u001b[32mINF\u001b[0m \u001b[36mproxy.Main\u001b[0m \u001b[1m10.1.2.3\u001b[0m\n"}"#,
        r"at\n\tcom.example.Main(Main.java:12)\n\t10.0.0.1",
    ] {
        let shown = with_lines_read(line.as_bytes());
        let (lines, _) = named(&set, Level::best(), &shown, 0, &mut scratch);
        assert!(lines.is_empty(), "{line}");
    }
}

/// A word without a full stop is passed over: no character becomes one, or a colon, but those that are known.
#[test]
fn no_other_character_is_a_full_stop_or_a_colon() {
    let (mut dots, mut colons) = (String::new(), String::new());
    // All characters beyond these are letters, digits, signs of old scripts and pictures.
    for c in (0x80..0x1_0000).filter_map(char::from_u32) {
        let spelled = name(format!("a{c}b").as_bytes());
        if spelled.contains(&b'.') {
            dots.push(c);
        }
        // `::=` is no part of an address.
        if spelled.contains(&b':') && !spelled.contains(&b'=') {
            colons.push(c);
        }
    }
    assert_eq!(dots, "\u{3002}\u{FF0E}\u{FF61}");
    assert_eq!(colons, String::from_iter(spelling::COLONS));
}

#[test]
fn a_flood_fills_the_runs_of_its_seeds() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..1_000 {
        let [runs, any, rare] = [(); 3].map(|()| {
            random.number(2);
            random.0
        });
        let seeds = runs & any & rare & rare >> 7;
        let mut want = seeds;
        for _ in 0..64 {
            want |= (want << 1 | want >> 1) & runs;
        }
        assert_eq!(hidden::flooded(runs, seeds), want);
    }
}

#[test]
fn colours_are_seen_in_every_spelling() {
    let set = setfile::compile(LIST.as_bytes(), None).unwrap();
    for escape in [
        "\u{1b}",
        "#033",
        "^[",
        "\\x1b",
        "\\033",
        "\\u001B",
        "\\\\u001b",
    ] {
        for before in 0..130 {
            let text = format!("{}{escape}[36mevil.example", "é".repeat(before));
            let mut buf = vec![0; FRONT];
            buf.extend_from_slice(text.as_bytes());
            buf.resize(FRONT + text.len() + BACK, 0);
            let mut found = Candidates::default();
            let mut search = Search {
                set: &set,
                asked: None,
                endpoints: true,
                buf: &buf,
                from: FRONT,
                len: text.len(),
                scratch: &mut Scratch::take(),
            };
            search.find(Level::best(), &mut found);
            assert!(found.has_controls, "{text}");
        }
    }
}
