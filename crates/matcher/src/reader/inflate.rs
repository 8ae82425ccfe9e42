//! gzip in Rust alone, where ISA-L is not built.
use flate2::{Decompress, FlushDecompress, Status};

/// A member of a gzip file being unpacked.
pub struct Inflate(Box<Decompress>);

impl Inflate {
    /// Before the header of a member.
    pub fn gzip() -> Inflate {
        Inflate(Box::new(Decompress::new_gzip(15)))
    }

    /// Bytes taken, bytes given, and whether the member ended or what is wrong with it.
    pub fn run(&mut self, input: &[u8], out: &mut [u8]) -> (usize, usize, Result<bool, String>) {
        let inner = &mut self.0;
        let (before_in, before_out) = (inner.total_in(), inner.total_out());
        let status = inner.decompress(input, out, FlushDecompress::None);
        let took = (inner.total_in() - before_in) as usize;
        let gave = (inner.total_out() - before_out) as usize;
        let ended = status.map(|s| s == Status::StreamEnd);
        (took, gave, ended.map_err(|e| e.to_string()))
    }
}
