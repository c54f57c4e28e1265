use x509_parser::certificate::X509Certificate;

/// The certificates to send for a leaf, by their position, leaf first, each signed by the next;
/// and those that have no part in it.
///
/// A self-signed root is part of the chain but not sent: a peer that trusts it has it already
/// (RFC 8446 §4.4.2).
pub(crate) struct Chain {
    pub(crate) sent: Vec<usize>,
    pub(crate) unused: Vec<usize>,
}

pub(crate) fn order(certificates: &[X509Certificate<'_>], leaf: usize) -> Chain {
    let mut sent = vec![leaf];
    let mut unused: Vec<usize> = (0..certificates.len()).filter(|at| *at != leaf).collect();
    let mut last = leaf;
    while !is_self_issued(&certificates[last]) {
        let issuer = unused
            .iter()
            .position(|at| issued(&certificates[*at], &certificates[last]));
        let Some(issuer) = issuer else { break };
        last = unused.remove(issuer);
        if !is_self_issued(&certificates[last]) {
            sent.push(last);
        }
    }
    Chain { sent, unused }
}

/// Names are compared byte by byte, as TLS verifiers do. Of two CAs with the same name the
/// signature tells which one it was.
fn issued(issuer: &X509Certificate<'_>, subject: &X509Certificate<'_>) -> bool {
    issuer.subject().as_raw() == subject.issuer().as_raw()
        && subject.verify_signature(Some(issuer.public_key())).is_ok()
}

fn is_self_issued(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
}
