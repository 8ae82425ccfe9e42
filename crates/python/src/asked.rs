//! Machines that a scan is asked about.
use std::sync::Arc;

use pyo3::prelude::*;
use quetsach_matcher::set;

use crate::errors::raise;

/// Machines that a scan is asked about.
#[pyclass(frozen)]
pub struct Asked {
    pub inner: Arc<set::asked::Asked>,
}

#[pymethods]
impl Asked {
    #[new]
    fn new(identifiers: Vec<String>) -> PyResult<Asked> {
        let inner = set::asked::Asked::new(identifiers).map_err(raise)?;
        Ok(Asked {
            inner: Arc::new(inner),
        })
    }
}
