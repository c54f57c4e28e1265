use ringlock_model::{Direction, NodeUri, PeerPattern};

use crate::Denied;

/// The most names that a refusal tells of a list or of a certificate.
const TOLD: usize = 8;

/// The most characters that it tells of each.
const SHOWN: usize = 200;

/// Peers that are let in, by what their certificates hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerList {
    /// `ringlock.trusted_peers`: whoever fits one of the patterns, whoever dials.
    Patterns(Vec<PeerPattern>),
    /// `trusted_peer_identities` of Cassandra's `MutualTlsInternodeAuthenticator`, with its
    /// `SpiffeCertificateValidator`: the first SPIFFE URI counts, it must be one of these, and only
    /// peers that dial are asked.
    Spiffe(Vec<String>),
}

impl PeerList {
    /// The option that it comes from.
    pub fn option(&self) -> &'static str {
        match self {
            Self::Patterns(_) => "ringlock.trusted_peers",
            Self::Spiffe(_) => "trusted_peer_identities",
        }
    }

    /// What stands in it.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Patterns(patterns) => patterns.iter().map(ToString::to_string).collect(),
            Self::Spiffe(identities) => identities.clone(),
        }
    }

    pub(crate) fn check(
        &self,
        node: Option<&NodeUri>,
        uris: &[String],
        subject: &str,
        direction: Direction,
    ) -> Result<(), Denied> {
        let held = match self {
            Self::Patterns(patterns) => {
                if patterns.iter().any(|it| it.matches(node, uris, subject)) {
                    return Ok(());
                }
                let names: Vec<_> = uris.iter().cloned().chain([subject.to_owned()]).collect();
                told(&names).join(", ")
            }
            Self::Spiffe(identities) => {
                let identity = spiffe_identity(uris);
                let is_listed = identity.is_some_and(|it| identities.iter().any(|own| own == it));
                if is_listed || direction == Direction::Outbound {
                    return Ok(());
                }
                identity.map_or_else(|| "no SPIFFE URI".to_owned(), printable)
            }
        };
        Err(Denied::NotTrusted {
            held,
            option: self.option(),
            allowed: told(&self.names()),
        })
    }
}

/// Who the holder of a certificate with these URIs is to Cassandra's `SpiffeCertificateValidator`.
pub fn spiffe_identity(uris: &[String]) -> Option<&str> {
    let mut uris = uris.iter().map(String::as_str);
    uris.find(|uri| uri.starts_with("spiffe://"))
}

fn told(names: &[String]) -> Vec<String> {
    let shown = names.iter().take(TOLD).map(|name| printable(name));
    let more = names.len().saturating_sub(TOLD);
    let more = (more > 0).then(|| format!("and {more} more"));
    shown.chain(more).collect()
}

fn printable(name: &str) -> String {
    let shown: String = name
        .chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect();
    match name.chars().nth(SHOWN) {
        Some(_) => shown + "…",
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N1: &str = "ringlock://orders/dc1/r1/n1";
    const DB1: &str = "spiffe://example.org/db1";

    fn patterns(texts: &[&str]) -> PeerList {
        PeerList::Patterns(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    fn spiffe(identities: &[&str]) -> PeerList {
        PeerList::Spiffe(identities.iter().map(ToString::to_string).collect())
    }

    fn check(list: &PeerList, uris: &[&str], direction: Direction) -> Result<(), String> {
        let node = uris.iter().find_map(|uri| uri.parse().ok());
        let uris: Vec<_> = uris.iter().map(ToString::to_string).collect();
        list.check(node.as_ref(), &uris, "CN=n1", direction)
            .map_err(|denied| denied.to_string())
    }

    #[test]
    fn a_peer_that_fits_one_pattern_is_let_in_whoever_dials() {
        for direction in [Direction::Inbound, Direction::Outbound] {
            for (list, expected) in [
                (["ringlock://orders/dc1/*/*", "CN=other"], true),
                (["CN=other", "CN=n1"], true),
                (["CN=other", DB1], true),
                (["CN=other", "ringlock://orders/dc2/*/*"], false),
            ] {
                let list = patterns(&list);
                assert_eq!(check(&list, &[N1, DB1], direction).is_ok(), expected);
            }
        }
    }

    #[test]
    fn a_refusal_names_what_the_certificate_holds_and_what_is_allowed() {
        let list = patterns(&["ringlock://orders/dc2/*/*", "CN=other"]);
        assert_eq!(
            check(&list, &[N1, DB1], Direction::Inbound).unwrap_err(),
            "the peer's certificate holds ringlock://orders/dc1/r1/n1, spiffe://example.org/db1, \
             CN=n1, and ringlock.trusted_peers allows ringlock://orders/dc2/*/*, CN=other"
        );
        let list = spiffe(&["spiffe://example.org/db2"]);
        assert_eq!(
            check(&list, &[N1, DB1], Direction::Inbound).unwrap_err(),
            "the peer's certificate holds spiffe://example.org/db1, and trusted_peer_identities \
             allows spiffe://example.org/db2"
        );
        assert_eq!(
            check(&list, &[N1], Direction::Inbound).unwrap_err(),
            "the peer's certificate holds no SPIFFE URI, and trusted_peer_identities allows \
             spiffe://example.org/db2"
        );
    }

    #[test]
    fn of_several_spiffe_uris_the_first_counts_and_only_who_dials_is_asked() {
        let list = spiffe(&[DB1, "spiffe://example.org/db3"]);
        let other = "spiffe://example.org/db2";
        assert!(check(&list, &[N1, DB1, other], Direction::Inbound).is_ok());
        assert!(check(&list, &[other, DB1], Direction::Inbound).is_err());
        assert!(check(&list, &[other, DB1], Direction::Outbound).is_ok());
        assert!(check(&list, &["spiffe://example.org/*"], Direction::Inbound).is_err());
    }

    #[test]
    fn what_a_certificate_holds_is_told_on_one_line_and_is_bounded() {
        let long = format!("spiffe://a/\n{}", "x".repeat(1000));
        let many = vec![long.as_str(); 100];
        let told = check(&patterns(&["CN=other"]), &many, Direction::Inbound).unwrap_err();
        assert!(told.contains("\\n") && !told.contains('\n'), "{told}");
        assert!(told.contains("and 93 more") && told.len() < 3000, "{told}");
    }
}
