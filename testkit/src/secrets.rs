//! What must be seen nowhere: passwords and private keys of the tests.

/// Part of every password that tests make up.
pub const MARK: &str = "canary";

/// What must be in nothing that Ringlock prints or logs, in whichever test.
const SECRETS: [&str; 9] = [
    MARK,
    // Of the documents' blocks.
    "myKeyPass",
    "truststorePass",
    "keystorePass",
    "node-keystore-password",
    "cluster-truststore-password",
    // However a private key is written.
    "BEGIN PRIVATE KEY-----\nM",
    "BEGIN EC PRIVATE KEY-----\nM",
    "BEGIN ENCRYPTED PRIVATE KEY-----\nM",
];

/// The first line with a secret in it, and the secret.
pub fn shown(text: &str) -> Option<(String, &'static str)> {
    let secret = SECRETS.into_iter().find(|secret| text.contains(secret))?;
    let first = secret.lines().next().unwrap_or(secret);
    let line = text.lines().find(|line| line.contains(first));
    Some((line.unwrap_or_default().to_owned(), secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_with_its_line() {
        assert_eq!(shown("keystore_password = ****\n"), None);
        assert_eq!(
            shown("a\nkeystore_password = myKeyPass\n"),
            Some(("keystore_password = myKeyPass".to_owned(), "myKeyPass"))
        );
        assert_eq!(shown("expected -----BEGIN PRIVATE KEY-----\n"), None);
        assert!(shown("-----BEGIN PRIVATE KEY-----\nMIGH\n").is_some());
    }
}
