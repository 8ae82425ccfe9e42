//! QUIC's Initial packets opened: their keys come from a connection id that stands in the open (RFC 9001 5,
//! RFC 9369 3.3).
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::BlockEncrypt;
use aes_gcm::{Aes128Gcm, Nonce, Tag};
use hkdf::Hkdf;
use sha2::Sha256;

const SAMPLE: usize = 16;
const TAG: usize = 16;
/// The sample lies as if the packet number took this much.
const LONGEST_NUMBER: usize = 4;

/// What differs from one version of QUIC to the next.
pub struct Version {
    pub number: u32,
    /// The type of an Initial packet in its first byte, and that of a Retry.
    pub initial: u8,
    pub retry: u8,
    salt: [u8; 20],
    labels: [&'static str; 3],
}

/// RFC 9001 5.2 and RFC 9369 3.2, 3.3.
pub const VERSIONS: [Version; 2] = [
    Version {
        number: 1,
        initial: 0,
        retry: 3,
        salt: [
            0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
            0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a,
        ],
        labels: ["quic key", "quic iv", "quic hp"],
    },
    Version {
        number: 0x6b33_43cf,
        initial: 1,
        retry: 0,
        salt: [
            0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26,
            0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9,
        ],
        labels: ["quicv2 key", "quicv2 iv", "quicv2 hp"],
    },
];

/// What opens the Initial packets of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    key: [u8; 16],
    iv: [u8; 12],
    mask: [u8; 16],
}

/// HKDF-Expand-Label of RFC 8446 7.1, without a context.
fn expand<const N: usize>(secret: &Hkdf<Sha256>, label: &str) -> [u8; N] {
    let mut out = [0; N];
    let info: [&[u8]; 5] = [
        &[0, N as u8],
        &[6 + label.len() as u8],
        b"tls13 ",
        label.as_bytes(),
        &[0],
    ];
    secret
        .expand_multi_info(&info, &mut out)
        .expect("shorter than 255 digests");
    out
}

impl Keys {
    /// Those of a client whose first packet was sent to this connection id.
    pub fn new(version: &Version, connection: &[u8]) -> Keys {
        let common = Hkdf::<Sha256>::new(Some(&version.salt), connection);
        let client: [u8; 32] = expand(&common, "client in");
        let client = Hkdf::from_prk(&client).expect("as long as a digest");
        Keys {
            key: expand(&client, version.labels[0]),
            iv: expand(&client, version.labels[1]),
            mask: expand(&client, version.labels[2]),
        }
    }

    /// The frames of a packet whose number stands at `at`; None if other keys made it or it was changed.
    pub fn open(&self, packet: &[u8], at: usize) -> Option<Vec<u8>> {
        let sample = packet.get(at + LONGEST_NUMBER..at + LONGEST_NUMBER + SAMPLE)?;
        let mut mask = *aes_gcm::aes::Block::from_slice(sample);
        Aes128::new(&self.mask.into()).encrypt_block(&mut mask);
        let first = packet[0] ^ mask[0] & 0x0f;
        let size = usize::from(first & 3) + 1;
        let mut head = packet[..at + size].to_vec();
        head[0] = first;
        let mut nonce = self.iv;
        for i in 0..size {
            head[at + i] ^= mask[1 + i];
            nonce[12 - size + i] ^= head[at + i];
        }
        let (body, tag) = packet[at + size..].split_at_checked(packet.len() - at - size - TAG)?;
        let mut frames = body.to_vec();
        if cfg!(fuzzing) {
            // No fuzzer makes a tag that fits.
            return Some(frames);
        }
        Aes128Gcm::new(&self.key.into())
            .decrypt_in_place_detached(
                Nonce::from_slice(&nonce),
                &head,
                &mut frames,
                Tag::from_slice(tag),
            )
            .ok()?;
        Some(frames)
    }
}
