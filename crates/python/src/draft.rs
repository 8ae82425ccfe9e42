//! `Draft`: conversions and errors, no logic.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use quetsach_matcher::set::Kind;
use quetsach_matcher::set::draft::{self, Scope};
use quetsach_matcher::set::plain::Shape;
use quetsach_matcher::set::providers::Providers;
use quetsach_matcher::set::watch::Watch;
use quetsach_matcher::{Error, Set};

use crate::errors::raise;

/// A list on its way to a set. Scopes are 0 with subdomains, 1 exact, 2 subdomains only.
#[pyclass(frozen)]
pub struct Draft {
    inner: Mutex<draft::Draft>,
}

/// Number, kind, value, scope, family, list and line of an entry.
type Entry = (usize, &'static str, String, u8, String, u32, u32);

fn scope(number: u8) -> PyResult<Scope> {
    let scopes = [Scope::WithSubdomains, Scope::Exact, Scope::SubdomainsOnly];
    let found = scopes.get(usize::from(number)).copied();
    found.ok_or_else(|| raise(Error::set("there is no such scope")))
}

impl Draft {
    fn lock(&self) -> MutexGuard<'_, draft::Draft> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn build(&self, providers: Option<Arc<Providers>>) -> Result<Set, Error> {
        self.lock().compile(providers)
    }
}

#[pymethods]
impl Draft {
    #[new]
    fn new() -> Self {
        Draft {
            inner: Mutex::default(),
        }
    }

    /// Reads a list. Returns the lines that are left to the caller, with their numbers; see `Shape`. With a delimiter the
    /// list is a table.
    #[pyo3(signature = (text, list, scope_number, *, hosts=false, delimiter=None, header=0, value=0, kind=None, family=None, kinds=Vec::new()))]
    #[allow(clippy::too_many_arguments)]
    fn read<'t>(
        &self,
        py: Python<'_>,
        text: &'t str,
        list: u32,
        scope_number: u8,
        hosts: bool,
        delimiter: Option<char>,
        header: u32,
        value: usize,
        kind: Option<usize>,
        family: Option<usize>,
        kinds: Vec<String>,
    ) -> PyResult<Vec<(u32, &'t str)>> {
        let scope = scope(scope_number)?;
        let shape = match delimiter {
            Some(delimiter) => Shape::Table {
                delimiter: u8::try_from(delimiter)
                    .map_err(|_| raise(Error::set("a delimiter is one byte")))?,
                header,
                value,
                kind,
                family,
                kinds,
            },
            None if hosts => Shape::Hosts,
            None => Shape::Plain,
        };
        py.detach(|| self.lock().read(text, &shape, scope, list))
            .map_err(raise)
    }

    fn add(
        &self,
        kind: &str,
        value: &str,
        scope_number: u8,
        family: &str,
        list: u32,
        line: u32,
    ) -> PyResult<()> {
        let kind = Kind::parse(kind).ok_or_else(|| raise(Error::set("there is no such kind")))?;
        self.lock()
            .add(kind, scope(scope_number)?, value, family, list, line)
            .map_err(raise)
    }

    fn __len__(&self) -> usize {
        self.lock().len()
    }

    /// The id of the set that this draft makes.
    fn set_id(&self, py: Python<'_>) -> PyResult<String> {
        let set = py.detach(|| self.build(None)).map_err(raise)?;
        Ok(set.id().to_owned())
    }

    fn kinds(&self) -> Vec<(&'static str, usize)> {
        let counts = self.lock().kinds();
        counts.into_iter().map(|(k, n)| (k.word(), n)).collect()
    }

    fn merge(&self, py: Python<'_>) {
        py.detach(|| self.lock().merge());
    }

    fn suspects(
        &self,
        py: Python<'_>,
        below: &str,
        exact: &str,
        parents: &str,
        spans: Vec<(u32, u32)>,
        narrowest: u32,
    ) -> Vec<usize> {
        py.detach(|| {
            let watch = Watch::new(below, exact, parents, spans, narrowest);
            self.lock().suspects(&watch)
        })
    }

    fn entry(&self, number: usize) -> Option<Entry> {
        let e = self.lock().entry(number)?;
        Some((
            e.number,
            e.kind.word(),
            e.value,
            e.scope as u8,
            e.family,
            e.list,
            e.line,
        ))
    }

    fn remove(&self, py: Python<'_>, numbers: Vec<usize>) {
        py.detach(|| self.lock().remove(&numbers));
    }
}
