//! Modified UTF-8, as `java.io.DataInput` describes it: UTF-16 whose units are each written as
//! UTF-8, and zero in two bytes.

/// Decodes; `None` is no modified UTF-8. Half a surrogate pair, which a Java string may hold, is
/// none either.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        let (unit, tail) = match (*first, tail) {
            (0..=0x7F, tail) => (u16::from(*first), tail),
            (0xC0..=0xDF, [second, tail @ ..]) => {
                (u16::from(first & 0x1F) << 6 | low(*second)?, tail)
            }
            (0xE0..=0xEF, [second, third, tail @ ..]) => {
                let high = u16::from(first & 0x0F) << 12;
                (high | low(*second)? << 6 | low(*third)?, tail)
            }
            _ => return None,
        };
        units.push(unit);
        rest = tail;
    }
    String::from_utf16(&units).ok()
}

/// Encodes.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for unit in text.encode_utf16() {
        let six = |shift: u16| 0x80 | (unit >> shift & 0x3F) as u8;
        match unit {
            0x01..=0x7F => bytes.push(unit as u8),
            0 | 0x80..=0x7FF => bytes.extend([0xC0 | (unit >> 6) as u8, six(0)]),
            _ => bytes.extend([0xE0 | (unit >> 12) as u8, six(6), six(0)]),
        }
    }
    bytes
}

fn low(byte: u8) -> Option<u16> {
    (byte & 0xC0 == 0x80).then(|| u16::from(byte & 0x3F))
}
