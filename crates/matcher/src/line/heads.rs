//! The heads that stand before a message: who sent it on, and where a tag may begin (docs/log-formats.md 6).
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::canonical::address::{self, Address};
use crate::line::expressions::expression;
use crate::line::moments;

const HEAD_BYTES: usize = 512;
const HEADS: usize = 3;

static PRIORITY: LazyLock<Regex> =
    LazyLock::new(|| expression(r"\A(?:[0-9]{1,6} )?<[0-9]{1,3}>(?:[0-9]{1,2} )? {0,2}(?:- )?"));
static HEAD_WORD: LazyLock<Regex> = LazyLock::new(|| expression(r#"\A([^ \t="{]{1,255}) {1,3}"#));
static REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT|PATCH|TRACE) ",
        r#"|"|[^ ]{1,64} [^ ]{1,64} \[|-{1,2}>)"#
    ))
});
static TAG: LazyLock<Regex> =
    LazyLock::new(|| expression(r"\A(?:%|[A-Za-z][0-9A-Za-z_./-]{0,47}(?:\[[0-9]{1,10}\])?: )"));
static MESSAGE: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\A(?:%|<[0-9]|\{|(?:CEF|LEEF):",
        r"|[A-Za-z_][0-9A-Za-z_.-]{0,47}(?:=|(?:\[[0-9]{1,10}\])?: ))"
    ))
});

/// What stands before a message.
#[derive(Debug, Default)]
pub struct Heads {
    /// The addresses that sent the message on.
    pub senders: Vec<Address>,
    /// Where a tag may begin.
    pub starts: Vec<usize>,
}

/// The heads of at most `HEADS` hosts that a message went through.
pub fn heads(text: &[u8]) -> Heads {
    let line = &text[..text.len().min(HEAD_BYTES)];
    let mut found = Heads {
        senders: Vec::new(),
        starts: vec![0],
    };
    let mut at = 0;
    for number in 0..HEADS {
        let priority = PRIORITY.find(&line[at..]).map(|m| at + m.end());
        let begin = priority.unwrap_or(at);
        let after_time = moments::head(line, begin);
        // RFC 3164 names the month, and its host follows; a row of columns has other times.
        let is_syslog = priority.is_some()
            || line[begin..after_time.unwrap_or(begin)]
                .iter()
                .any(u8::is_ascii_lowercase);
        let begin = after_time.unwrap_or(begin);
        found.starts.push(begin);
        let Some(word) = HEAD_WORD.captures(&line[begin..]) else {
            break;
        };
        let rest = begin + word[0].len();
        match address_in(&word[1]) {
            None if priority.is_none() && after_time.is_none() => break,
            None => {}
            Some(_) if priority.is_none() && REQUEST.is_match(&line[rest..]) => break,
            Some(_)
                if !is_syslog && !is_message(line, rest, number > 0 && after_time.is_none()) =>
            {
                break;
            }
            Some(address) => found.senders.push(address),
        }
        at = rest;
        found.starts.push(at);
    }
    found
}

/// Whether a message begins here, so that the address before it is not its first word, nor a column.
fn is_message(line: &[u8], at: usize, is_host_known: bool) -> bool {
    if is_host_known {
        return TAG.is_match(&line[at..]);
    }
    MESSAGE.is_match(&line[at..]) || moments::head(line, at).is_some()
}

/// The address that is a whole word of a head, in brackets, behind a slash or before a colon too.
fn address_in(word: &[u8]) -> Option<Address> {
    if let Some(address) = address::parse(word) {
        return Some(address);
    }
    let begin = word.iter().take_while(|b| b"[(/".contains(b)).count();
    let word = &word[begin..];
    let word = word.strip_suffix(b":").unwrap_or(word);
    let end = word.iter().rev().take_while(|b| b"])".contains(b)).count();
    address::parse(&word[..word.len() - end])
}
