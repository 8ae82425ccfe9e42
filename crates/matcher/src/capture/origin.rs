//! The origin of a packet: its time and its sender.

/// When a packet was captured, in microseconds, and the hardware address of its sender if that is on this link.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub time: Option<i64>,
    pub mac: Option<[u8; 6]>,
}

impl Origin {
    pub const NONE: Origin = Origin {
        time: None,
        mac: None,
    };
}
