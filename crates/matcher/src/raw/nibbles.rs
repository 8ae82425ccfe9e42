//! Byte classes as two tables of sixteen bytes: by the high and by the low half of a byte. The bits that both tables have
//! in common are the classes of the byte.

/// (high nibbles, low nibbles) that make a class bit.
const CELLS: [(u16, u16); 8] = [
    (1 << 2, 0b0110_0000_0000_0000),          // - .
    (1 << 4 | 1 << 6, 0b0000_0000_0111_1110), // A-F a-f
    (1 << 4 | 1 << 6, 0b1111_1111_1000_0000), // G-O g-o
    (1 << 5, 0b1000_0111_1111_1111),          // P-Z _
    (1 << 7, 0b0000_0111_1111_1111),          // p-z
    (1 << 5, 1 << 0xC | 1 << 0xE),            // \ ^
    (1 << 2, 1 << 8 | 1 << 3),                // ( #
    (1 << 3, 0b0000_0011_1111_1111),          // 0-9
];
/// Number of the bit of `A-F` and `a-f`; that of digits is the highest.
pub const HEX_LETTER: i32 = 1;
/// Bits of what may stand in a token.
pub const TOKEN: u8 = 0x9F;
/// Bits of `\`, `^`, `(` and `#`.
pub const ODD: u8 = 0x60;

const fn table(high: bool) -> [u8; 16] {
    let mut table = [0u8; 16];
    let mut i = 0;
    while i < 16 {
        let mut bit = 0;
        while bit < 8 {
            let cell = if high { CELLS[bit].0 } else { CELLS[bit].1 };
            if cell >> i & 1 == 1 {
                table[i] |= 1 << bit;
            }
            bit += 1;
        }
        i += 1;
    }
    table
}
pub const LOW: [u8; 16] = table(false);
pub const HIGH: [u8; 16] = table(true);
