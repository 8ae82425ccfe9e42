//! The stored bytes of a packed file, read by a thread of their own, so that unpacking never waits for the disk.
use std::io::{self, Read};
use std::mem;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Bytes of a block.
const BLOCK: usize = 1 << 20;
/// Blocks that lie ready: where others have the processor, this thread has its turn after some milliseconds only, in
/// which ISA-L unpacks more than a megabyte.
const READY: usize = 4;

/// The blocks that a thread reads; it ends with this, or with the stream.
pub(super) struct Readahead {
    ready: Receiver<io::Result<Vec<u8>>>,
    used: Sender<Vec<u8>>,
}

impl Readahead {
    pub fn start(stream: Box<dyn Read + Send>) -> io::Result<Readahead> {
        let (full, ready) = sync_channel(READY);
        let (used, empty) = channel();
        thread::Builder::new().spawn(move || read(stream, &full, &empty))?;
        Ok(Readahead { ready, used })
    }

    /// Exchanges a used block for the next block, which is empty at the end.
    pub fn exchange(&self, block: &mut Vec<u8>) -> io::Result<()> {
        let next = self.ready.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
        // The thread may have ended.
        let _ = self.used.send(mem::replace(block, next));
        Ok(())
    }
}

fn read(
    mut stream: Box<dyn Read + Send>,
    full: &SyncSender<io::Result<Vec<u8>>>,
    empty: &Receiver<Vec<u8>>,
) {
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        block.resize(BLOCK, 0);
        let found = match stream.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            found => found,
        };
        let is_last = !matches!(found, Ok(1..));
        let block = found.map(|n| {
            block.truncate(n);
            block
        });
        if full.send(block).is_err() || is_last {
            return;
        }
    }
}
