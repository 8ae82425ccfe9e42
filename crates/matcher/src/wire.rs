//! The sightings of a source as JSON Lines (contract 1), sorted, in memory or beyond that in a temporary file.
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use tempfile::SpooledTempFile;

use crate::detect;
use crate::rows::{Row, TEXT};
use crate::runs::Runs;
use crate::set::{Item, Set};
use crate::time::{self, Value};

/// Lines beyond this lie in a temporary file.
const HELD: usize = 8 << 20;

/// Finished lines.
#[derive(Debug)]
pub struct Lines {
    file: SpooledTempFile,
    pub count: u64,
    /// The least and the greatest time of all rows.
    pub span: Option<(i64, i64)>,
}

impl Default for Lines {
    fn default() -> Self {
        Lines {
            file: SpooledTempFile::new(HELD),
            count: 0,
            span: None,
        }
    }
}

impl Lines {
    /// At most `size` bytes from `offset` on, none at the end.
    pub fn read_at(&mut self, offset: u64, size: usize) -> io::Result<Vec<u8>> {
        let mut block = Vec::new();
        self.file.seek(SeekFrom::Start(offset))?;
        let file = &mut self.file;
        file.take(size as u64).read_to_end(&mut block)?;
        Ok(block)
    }
}

/// What the rows of one source share.
pub struct Context<'a> {
    pub set: &'a Set,
    /// Names of the log formats by their number.
    pub names: &'a [&'a str],
    pub source: &'a str,
    /// The latest time that a time without a year may be.
    pub latest: Option<i64>,
    pub zone: &'a TimeZone,
}

#[derive(Serialize)]
struct Sighting<'a> {
    r#type: &'static str,
    source: &'a str,
    indicator: &'a str,
    kind: &'a str,
    family: &'a str,
    matched: &'a str,
    field: &'static str,
    device: Option<&'a str>,
    identity: Identity<'a>,
    day: Option<&'a str>,
    first_seen: Option<String>,
    last_seen: Option<String>,
    count: u64,
    action: &'static str,
    logformat: &'a str,
    evidence: &'a str,
}

struct Identity<'a>(&'a [(&'static str, String)]);

impl Serialize for Identity<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl Context<'_> {
    /// Merges the runs and writes a line a row.
    pub fn write(&self, runs: Runs) -> io::Result<Lines> {
        let mut lines = Lines::default();
        let mut out = BufWriter::with_capacity(1 << 16, &mut lines.file);
        let mut days: BTreeMap<Option<i32>, Row> = BTreeMap::new();
        let mut key: Option<(u32, Option<Arc<str>>)> = None;
        for entry in runs.merged(self.set)? {
            let entry = entry?;
            let is_next = key
                .as_ref()
                .is_none_or(|(item, device)| (*item, device) != (entry.item, &entry.device));
            if is_next {
                lines.count += days.len() as u64;
                self.flush(&mut out, key.as_ref(), &mut days)?;
                key = Some((entry.item, entry.device));
            }
            let row = entry.row.resolved(self.latest, self.zone);
            for value in [row.first, row.last].into_iter().flatten() {
                if let Value::Known(at) = value {
                    let (first, last) = lines.span.unwrap_or((at, at));
                    lines.span = Some((first.min(at), last.max(at)));
                }
            }
            match days.get_mut(&row.day()) {
                Some(old) => old.merge(row),
                None => drop(days.insert(row.day(), row)),
            }
        }
        lines.count += days.len() as u64;
        self.flush(&mut out, key.as_ref(), &mut days)?;
        out.flush()?;
        drop(out);
        Ok(lines)
    }

    fn flush(
        &self,
        out: &mut impl Write,
        key: Option<&(u32, Option<Arc<str>>)>,
        days: &mut BTreeMap<Option<i32>, Row>,
    ) -> io::Result<()> {
        let Some((number, device)) = key else {
            return Ok(());
        };
        let item = self
            .set
            .item(*number)
            .ok_or_else(|| io::Error::other("the compiled set is damaged"))?;
        while let Some((day, row)) = days.pop_first() {
            let day = day.map(time::day);
            self.line(out, item, device.as_deref(), day.as_deref(), &row)?;
        }
        Ok(())
    }

    fn line(
        &self,
        out: &mut impl Write,
        item: Item<'_>,
        device: Option<&str>,
        day: Option<&str>,
        row: &Row,
    ) -> io::Result<()> {
        let shown = |value: Option<Value>| match value {
            Some(Value::Known(micros)) => Some(time::iso(micros)),
            _ => None,
        };
        let words = &row.words;
        let sighting = Sighting {
            r#type: "sighting",
            source: self.source,
            indicator: item.canonical(),
            kind: item.kind,
            family: item.family,
            matched: &words.matched,
            field: row.field.word(),
            device,
            identity: Identity(&words.identity),
            day,
            first_seen: shown(row.first),
            last_seen: shown(row.last),
            count: row.count,
            action: row.action.word(),
            logformat: match row.format {
                TEXT => detect::TEXT,
                number => self.names[usize::from(number)],
            },
            evidence: &words.evidence,
        };
        serde_json::to_writer(&mut *out, &sighting)?;
        out.write_all(b"\n")
    }
}
