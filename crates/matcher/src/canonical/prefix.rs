//! Texts compared by a number first: most differ in their first bytes.

/// The first sixteen bytes as a number that sorts like them.
pub fn prefix(text: &[u8]) -> u128 {
    let mut bytes = [0u8; 16];
    let shared = text.len().min(16);
    bytes[..shared].copy_from_slice(&text[..shared]);
    u128::from_be_bytes(bytes)
}
