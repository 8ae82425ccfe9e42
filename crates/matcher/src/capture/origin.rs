//! The origin of a packet: its time, its sender and its receiver.

/// When a packet was captured, in microseconds, and the hardware address of its sender if that is on this link.
/// `to` is the hardware address that an Ethernet frame was sent to.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub time: Option<i64>,
    pub mac: Option<[u8; 6]>,
    pub to: Option<[u8; 6]>,
}

impl Origin {
    pub const NONE: Origin = Origin {
        time: None,
        mac: None,
        to: None,
    };
}
