/// What `net.Crc` of Cassandra begins with, before the bytes themselves.
const SALT: [u8; 4] = [0xFA, 0x2D, 0x55, 0xCA];
/// The polynomial of CRC-32 (IEEE 802.3), its bits reversed.
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// Cassandra's CRC-32 (`org.apache.cassandra.net.Crc`) of some few bytes, such as the first
/// message of a connection ends with.
pub fn checksum(bytes: &[u8]) -> u32 {
    !SALT.iter().chain(bytes).fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ POLYNOMIAL
            } else {
                crc >> 1
            }
        })
    })
}
