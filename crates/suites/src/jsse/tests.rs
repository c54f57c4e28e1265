use super::*;
use crate::suite::{Suite, Vocabulary};
use crate::version::Version::{self, Tls10, Tls12, Tls13};

const JAVA_17: Java = Java {
    release: 17,
    update: 15,
};
const JDK: Provider = Provider::Jdk(JAVA_17);

fn enabled(
    line: Line,
    side: Side,
    provider: Provider,
    protocol: Option<&str>,
    accepted: Option<&[&str]>,
) -> Result<Vec<Version>, JsseError> {
    versions(line, side, provider, protocol, accepted).map(|enabled| enabled.versions)
}

#[test]
fn in_3_x_the_protocol_limits_only_the_side_that_dials() {
    let of = |side, protocol| versions(Line::Three, side, JDK, Some(protocol), None).unwrap();
    assert_eq!(of(Side::Dials, "TLSv1.2").versions, [Tls12]);
    let listens = of(Side::Listens, "TLSv1.2");
    assert_eq!(listens.versions, [Tls13, Tls12]);
    assert!(listens.unlimited);
    let old = of(Side::Dials, "TLSv1");
    assert!(old.versions.is_empty());
    assert_eq!(old.disabled, [Tls10]);
    assert_eq!(of(Side::Dials, "ssl").versions, [Tls13, Tls12]);
}

#[test]
fn in_3_x_the_name_of_a_context_may_be_in_any_case_and_must_exist() {
    let of = |name| enabled(Line::Three, Side::Dials, JDK, Some(name), None);
    assert_eq!(of("tlsV1.2").unwrap(), [Tls12]);
    for (name, nearest) in [
        ("SSLv23", Some("TLS")),
        ("TLSv1.0", Some("TLSv1")),
        ("TLS1.2", Some("TLSv1.2")),
        ("nonsense", None),
    ] {
        let error = of(name).unwrap_err();
        let name = name.to_owned();
        assert_eq!(
            error.product_message(),
            format!("{name} SSLContext not available")
        );
        assert_eq!(error, JsseError::UnknownContext { name, nearest });
    }
    assert!(matches!(of("DTLS"), Err(JsseError::Datagrams { .. })));
}

#[test]
fn since_4_0_the_list_is_exactly_what_is_written_and_a_protocol_beside_it_is_added() {
    let of = |protocol, accepted: Option<&[&str]>| {
        enabled(Line::Four, Side::Listens, JDK, protocol, accepted)
    };
    assert_eq!(of(None, None).unwrap(), [Tls13, Tls12]);
    assert_eq!(of(Some("tls"), None).unwrap(), [Tls13, Tls12]);
    assert_eq!(of(Some("TLSv1.2"), None).unwrap(), [Tls12]);
    assert_eq!(of(Some("TLS"), Some(&["TLSv1.2"])).unwrap(), [Tls12]);
    assert_eq!(
        of(Some("TLSv1.3"), Some(&["TLSv1.2"])).unwrap(),
        [Tls13, Tls12]
    );
    assert_eq!(of(None, Some(&[])).unwrap(), []);
}

#[test]
fn since_4_0_a_name_in_another_case_keeps_the_node_from_starting() {
    let of = |provider, name| enabled(Line::Four, Side::Dials, provider, None, Some(&[name]));
    let error = of(JDK, "tlsv1.2").unwrap_err();
    assert_eq!(error.product_message(), "Unsupported protocoltlsv1.2");
    assert_eq!(
        error.to_string(),
        "'tlsv1.2' is no name of a version for Java (names are case-sensitive); perhaps TLSv1.2"
    );
    let newer = Provider::Jdk(Java::latest(21));
    assert_eq!(
        of(newer, "TLS").unwrap_err().product_message(),
        "Unsupported protocol: TLS"
    );
    assert_eq!(
        of(Provider::OpenSsl, "SSLv3")
            .unwrap_err()
            .product_message(),
        "Protocol SSLv3 is not supported."
    );
}

#[test]
fn a_disabled_version_is_accepted_and_never_negotiated_except_by_openssl() {
    let of =
        |provider| versions(Line::Four, Side::Dials, provider, None, Some(&["TLSv1"])).unwrap();
    assert!(of(JDK).versions.is_empty());
    assert_eq!(of(JDK).disabled, [Tls10]);
    assert_eq!(of(Provider::OpenSsl).versions, [Tls10]);
}

#[test]
fn each_dropped_suite_is_told_with_its_reason() {
    let names = [
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "SSL_RSA_WITH_3DES_EDE_CBC_SHA",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA25",
        "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
        "SSL_RSA_WITH_AES_256_CBC_SHA",
    ];
    let chosen = suites(JDK, &names);
    assert_eq!(chosen.kept, [Suite::by_code(0xC02F).unwrap()]);
    let why: Vec<Dropped> = chosen.dropped.iter().map(|(_, why)| *why).collect();
    let good = Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_eq!(
        why,
        [
            Dropped::Alias {
                jsse: "SSL_RSA_WITH_3DES_EDE_CBC_SHA"
            },
            Dropped::Disabled(crate::JavaBan::TripleDes),
            Dropped::Foreign {
                vocabulary: Vocabulary::OpenSsl,
                jsse: good
            },
            Dropped::Unknown { nearest: good },
            Dropped::Missing,
            Dropped::Unknown {
                nearest: Some("TLS_RSA_WITH_AES_256_CBC_SHA")
            },
        ]
    );
}

#[test]
fn the_suite_of_old_blocks_works_until_java_disables_it() {
    let names = ["TLS_RSA_WITH_AES_256_CBC_SHA"];
    assert_eq!(suites(JDK, &names).kept.len(), 1);
    assert_eq!(suites(Provider::OpenSsl, &names).kept.len(), 1);
    let newer = Provider::Jdk(Java {
        release: 17,
        update: 21,
    });
    assert!(suites(newer, &names).kept.is_empty());
    let dse = ["TLS_DHE_RSA_WITH_AES_128_CBC_SHA"];
    assert_eq!(suites(JDK, &dse).kept.len(), 1);
    assert!(suites(Provider::OpenSsl, &dse).kept.is_empty());
}

#[test]
fn a_list_of_tls_1_3_alone_limits_nothing_with_openssl() {
    let names = ["TLS_AES_256_GCM_SHA384"];
    assert!(suites(Provider::OpenSsl, &names).limits_nothing);
    assert!(!suites(JDK, &names).limits_nothing);
}
