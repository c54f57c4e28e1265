use proptest::prelude::*;

use super::*;
use crate::hex::bytes;

/// OpenSSL 3.0.19, `s_client -servername node.example`.
const OPENSSL: &str = "\
    16030101390100013503031981d225f29b1c2b48b827e1c98fda4f5f08786e66b904054661596d11c1fa1c20c2ef\
    320949455664a4963b3615409b1a225f4040e1283c619303dd8253e27514003e130213031301c02cc030009fcca9\
    cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d003c0035002f\
    00ff010000ae00000011000f00000c6e6f64652e6578616d706c65000b000403000102000a00160014001d001700\
    1e0019001801000101010201030104002300000016000000170000000d002a002804030503060308070808080908\
    0a080b080408050806040105010601030303010302040205020602002b0009080304030303020301002d00020101\
    003300260024001d00206f14354151ee7df9da09182720f464bfa2740d543c2b715673a7440878784466";

/// Java 17.0.15, a client of `node.example` with two suites.
const JAVA: &str = "\
    160303018701000183030373b7a0988975ee12996a0ee72343e1c1bd3a775c63457bcf16a6637198db616c20e196\
    e8981519be58855f56a01b138b12b00736c72bf9dda3d7c8215e789482f800041301c02f0100013600000011000f\
    00000c6e6f64652e6578616d706c65000500050100000000000a00160014001d001700180019001e010001010102\
    01030104000b00020100001100090007020004000000000017000000230000000d002c002a040305030603080708\
    080804080508060809080a080b0401050106010402030303010302020302010202002b00050403040303002d0002\
    01010032002c002a040305030603080708080804080508060809080a080b04010501060104020303030103020203\
    02010202003300\
    6b0069001d0020b635001e5730b694e9e5ea87fa49a293a534540398990d6d5de5d7403f470c51001700\
    4104ba47e4380fbbaa141c8945619f885da314b069fdc9515140e7a561fbab214b224533b71f56d409c871cf816a\
    831c2bbd60ce9a204dfd91052ac156104a252c6cff01000100";

/// Java 17.0.15, a client of an address, with TLS 1.2 and one suite.
const JAVA_TO_ADDRESS: &str = "\
    16030300cf010000cb0303c4e2996fb5050fdb777ca2741f7c3eb32ffd276715e905b47bea41632308324a000002\
    c02f010000a0000500050100000000000a000c000a001d001700180019001e000b00020100001100090007020004\
    000000000017000000230000000d002c002a040305030603080708080804080508060809080a080b040105010601\
    0402030303010302020302010202002b00030203030032002c002a04030503060308070808080408050806080908\
    0a080b0401050106010402030303010302020302010202ff01000100";

fn facts(hex: &str) -> (Option<String>, Vec<u16>) {
    let bytes = bytes(hex);
    let hello = ClientHello::read(&bytes).unwrap().unwrap();
    let name = hello.server_name.map(str::to_owned);
    (name, hello.versions().collect())
}

#[test]
fn what_openssl_and_java_say_in_clear_is_read() {
    let name = Some("node.example".to_owned());
    assert_eq!(
        facts(OPENSSL),
        (name.clone(), vec![0x0304, 0x0303, 0x0302, 0x0301])
    );
    assert_eq!(facts(JAVA), (name, vec![0x0304, 0x0303]));
    assert_eq!(facts(JAVA_TO_ADDRESS), (None, vec![0x0303]));
}

#[test]
fn a_client_from_before_tls_1_3_offers_its_newest_version() {
    // TLS 1.1, one suite, no extensions.
    let hello = format!("160301002d010000290302{}000002002f0100", "00".repeat(32));
    assert_eq!(facts(&hello), (None, vec![0x0302]));
}

#[test]
fn versions_that_only_grease_are_left_out() {
    let hello = format!(
        "1603010038010000340303{}00000213010100{}",
        "00".repeat(32),
        "0009002b0005047a7a0304"
    );
    assert_eq!(facts(&hello), (None, vec![0x0304]));
}

#[test]
fn what_is_no_client_hello_or_is_torn_or_damaged_is_told_apart() {
    assert_eq!(ClientHello::read(b"GET /"), Err(NoClientHello::NotTls));
    assert_eq!(
        ClientHello::read(&bytes("160303000402000000")),
        Err(NoClientHello::NotTls)
    );
    let mut torn = bytes(JAVA_TO_ADDRESS);
    torn[4] -= 1;
    assert_eq!(ClientHello::read(&torn), Err(NoClientHello::Torn));
    let mut damaged = bytes(JAVA_TO_ADDRESS);
    damaged[43] = 0xFF;
    assert_eq!(ClientHello::read(&damaged), Err(NoClientHello::Malformed));
}

#[test]
fn a_beginning_is_not_there_whole_until_its_last_byte_and_what_follows_changes_nothing() {
    for hex in [OPENSSL, JAVA, JAVA_TO_ADDRESS] {
        let whole = bytes(hex);
        for length in 0..whole.len() {
            assert_eq!(ClientHello::read(&whole[..length]), Ok(None), "{length}");
        }
        let more = [whole.as_slice(), &[1; 30]].concat();
        assert_eq!(ClientHello::read(&more), ClientHello::read(&whole));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, at in 0..300_usize, byte: u8) {
        let mut hello = crate::hex::bytes(OPENSSL);
        hello[at] = byte;
        for bytes in [bytes, hello] {
            if let Ok(Some(hello)) = ClientHello::read(&bytes) {
                prop_assert!(hello.versions().count() < bytes.len());
            }
        }
    }
}
