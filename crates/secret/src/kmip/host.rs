use std::fmt;

/// The port of KMIP where none is given (IANA).
const PORT: u16 = 5696;

/// Where one KMIP server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// A name, or an address without brackets.
    pub name: String,
    /// The port; 5696 where none is given.
    pub port: u16,
}

impl Host {
    /// Reads `HOST[:PORT]`, with an IPv6 address in brackets where a port follows. None: it is no such
    /// thing.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, port) = if let Some(rest) = text.strip_prefix('[') {
            let (name, rest) = rest.split_once(']')?;
            match rest {
                "" => (name, None),
                rest => (name, Some(rest.strip_prefix(':')?)),
            }
        } else if text.matches(':').count() > 1 {
            (text, None)
        } else {
            match text.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (text, None),
            }
        };
        let plausible = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%'));
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port != 0)?,
            None => PORT,
        };
        plausible.then(|| Self {
            name: name.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_the_port_of_kmip_unless_it_names_another() {
        for (text, shown) in [
            ("kmip1.example.com", "kmip1.example.com:5696"),
            (" kmip1:15696 ", "kmip1:15696"),
            ("10.0.0.1", "10.0.0.1:5696"),
            ("fd00::1", "[fd00::1]:5696"),
            ("[fd00::1]", "[fd00::1]:5696"),
            ("[fd00::1]:1", "[fd00::1]:1"),
        ] {
            assert_eq!(Host::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "", " ", ":5696", "a:0", "a:70000", "a:b", "[::1]x", "[::1", "kmip://a", "a b",
        ] {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }
}
