use std::{fmt, path::PathBuf, str::FromStr};

use zeroize::Zeroizing;

/// The longest URI that is read, in bytes.
const MAX_LENGTH: usize = 4096;

/// A PKCS #11 URI (RFC 7512): which token, which object, which library, and where the PIN is.
///
/// Attributes that are not given match anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenUri {
    /// `token`: the token's label.
    pub token: Option<String>,
    /// `manufacturer`: who made the token.
    pub manufacturer: Option<String>,
    /// `serial`: the token's serial number.
    pub serial: Option<String>,
    /// `model`: the token's model.
    pub model: Option<String>,
    /// `object`: the label of the key (`CKA_LABEL`).
    pub object: Option<String>,
    /// `type`: the object's class.
    pub object_type: Option<ObjectType>,
    /// `id`: the key's identifier (`CKA_ID`), any bytes.
    pub id: Option<Vec<u8>>,
    /// `slot-id`: the slot's number.
    pub slot_id: Option<u64>,
    /// `slot-manufacturer`: who made the slot.
    pub slot_manufacturer: Option<String>,
    /// `slot-description`: what the slot calls itself.
    pub slot_description: Option<String>,
    /// `module-path`: the library to load.
    pub module_path: Option<PathBuf>,
    /// `pin-source`: where the PIN is read from.
    pub pin_source: Option<PinSource>,
    /// `pin-value`: the PIN itself, as exposed as whatever the URI stands in; worth a warning.
    pub pin_value: Option<Pin>,
    /// Names of query attributes that are not known, which RFC 7512 §2.5 has ignored; worth a
    /// warning.
    pub ignored: Vec<String>,
}

/// The class of an object: the values of `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectType {
    /// `cert`.
    Certificate,
    /// `data`.
    Data,
    /// `private`.
    PrivateKey,
    /// `public`.
    PublicKey,
    /// `secret-key`.
    SecretKey,
}

/// Where a PIN is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinSource {
    /// A file, by its absolute path.
    File(PathBuf),
}

/// A PIN; wiped from memory when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(Zeroizing<String>);

/// Why a text is no PKCS #11 URI that can be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// It does not begin with `pkcs11:`.
    #[error("it is no PKCS #11 URI; expected one that begins with \"pkcs11:\" (RFC 7512)")]
    Scheme,
    /// It is longer than any that is read.
    #[error("the PKCS #11 URI has {length} bytes; expected at most {MAX_LENGTH}")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// A part is no `name=value`.
    #[error(
        "part {number} of the PKCS #11 URI is no attribute; expected name=value, parts of the \
         path separated by ';' and those of the query by '&'"
    )]
    NotAttribute {
        /// Its place, from 1, path and query counted together. The part itself is not shown: it
        /// may hold a PIN.
        number: usize,
    },
    /// An attribute stands there twice.
    #[error("the PKCS #11 URI has the attribute {name} twice")]
    Twice {
        /// Its name.
        name: String,
    },
    /// The path has an attribute that is not known, so nothing can match it.
    #[error("the PKCS #11 URI has the unknown attribute {name}, which no token matches")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// An attribute of the RFC that is not followed here.
    #[error("the PKCS #11 URI has the attribute {name}; here {instead}")]
    Unsupported {
        /// Its name.
        name: &'static str,
        /// What to write instead.
        instead: &'static str,
    },
    /// A value has a character that must be written as `%` and two hexadecimal digits.
    #[error(
        "the value of {name} in the PKCS #11 URI has a character that is not allowed there; \
         write its bytes as %XX"
    )]
    Character {
        /// The attribute.
        name: String,
    },
    /// A `%` without two hexadecimal digits.
    #[error("the value of {name} in the PKCS #11 URI has a '%' without two hexadecimal digits")]
    Percent {
        /// The attribute.
        name: String,
    },
    /// The bytes of a text are no UTF-8.
    #[error("the value of {name} in the PKCS #11 URI is no UTF-8")]
    Utf8 {
        /// The attribute.
        name: String,
    },
    /// A value is none of those that the attribute may have.
    #[error("the value of {name} in the PKCS #11 URI is not one; expected {expected}")]
    Value {
        /// The attribute.
        name: &'static str,
        /// What it may have.
        expected: &'static str,
    },
    /// Both `pin-source` and `pin-value`.
    #[error("the PKCS #11 URI has both pin-source and pin-value; expected one of them")]
    TwoPins,
}

impl Pin {
    /// The PIN itself, for the moment in which it is needed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Pin {
    fn from(pin: &str) -> Self {
        Self(Zeroizing::new(pin.to_owned()))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(****)")
    }
}

impl ObjectType {
    const ALL: [Self; 5] = [
        Self::Certificate,
        Self::Data,
        Self::PrivateKey,
        Self::PublicKey,
        Self::SecretKey,
    ];

    /// The value that stands for it in a URI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "cert",
            Self::Data => "data",
            Self::PrivateKey => "private",
            Self::PublicKey => "public",
            Self::SecretKey => "secret-key",
        }
    }
}

impl FromStr for TokenUri {
    type Err = UriError;

    /// Reads a URI by the grammar of RFC 7512 §2.3, which allows few characters unescaped.
    fn from_str(text: &str) -> Result<Self, UriError> {
        if text.len() > MAX_LENGTH {
            return Err(UriError::TooLong { length: text.len() });
        }
        let rest = match text.split_at_checked("pkcs11:".len()) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("pkcs11:") => rest,
            _ => return Err(UriError::Scheme),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::default();
        let mut number = 0;
        for part in parts(path, ';') {
            number += 1;
            let (name, value) = attribute(part, number)?;
            uri.path_attribute(name, Value::new(name, value, PATH_EXTRA))?;
        }
        for part in parts(query, '&') {
            number += 1;
            let (name, value) = attribute(part, number)?;
            uri.query_attribute(name, Value::new(name, value, QUERY_EXTRA))?;
        }
        if uri.pin_source.is_some() && uri.pin_value.is_some() {
            return Err(UriError::TwoPins);
        }
        Ok(uri)
    }
}

impl TokenUri {
    fn path_attribute(&mut self, name: &str, value: Value<'_>) -> Result<(), UriError> {
        match name {
            "token" => set(&mut self.token, name, value.text()?),
            "manufacturer" => set(&mut self.manufacturer, name, value.text()?),
            "serial" => set(&mut self.serial, name, value.text()?),
            "model" => set(&mut self.model, name, value.text()?),
            "object" => set(&mut self.object, name, value.text()?),
            "type" => set(&mut self.object_type, name, value.object_type()?),
            "id" => set(&mut self.id, name, value.bytes()?),
            "slot-id" => set(&mut self.slot_id, name, value.number()?),
            "slot-manufacturer" => set(&mut self.slot_manufacturer, name, value.text()?),
            "slot-description" => set(&mut self.slot_description, name, value.text()?),
            "library-manufacturer" | "library-description" | "library-version" => {
                Err(UriError::Unsupported {
                    name: LIBRARY
                        .into_iter()
                        .find(|known| *known == name)
                        .unwrap_or_default(),
                    instead: "the library is named by module-path alone",
                })
            }
            _ => Err(UriError::Unknown { name: shown(name) }),
        }
    }

    fn query_attribute(&mut self, name: &str, value: Value<'_>) -> Result<(), UriError> {
        match name {
            "module-path" => set(&mut self.module_path, name, value.path()?),
            "pin-source" => set(&mut self.pin_source, name, value.pin_source()?),
            "pin-value" => {
                let pin = Zeroizing::new(value.text()?);
                set(&mut self.pin_value, name, Pin(pin))
            }
            "module-name" => Err(UriError::Unsupported {
                name: "module-name",
                instead: "the library is named by its path: module-path",
            }),
            _ => {
                self.ignored.push(shown(name));
                Ok(())
            }
        }
    }
}

/// The URI, each attribute once and in the order of the RFC. A PIN is left out.
impl fmt::Display for TokenUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot_id = self.slot_id.map(|id| id.to_string());
        let kind = self.object_type.map(ObjectType::as_str);
        let path: [(&str, Option<&[u8]>); 10] = [
            ("token", self.token.as_deref().map(str::as_bytes)),
            (
                "manufacturer",
                self.manufacturer.as_deref().map(str::as_bytes),
            ),
            ("serial", self.serial.as_deref().map(str::as_bytes)),
            ("model", self.model.as_deref().map(str::as_bytes)),
            ("object", self.object.as_deref().map(str::as_bytes)),
            ("type", kind.map(str::as_bytes)),
            ("id", self.id.as_deref()),
            ("slot-id", slot_id.as_deref().map(str::as_bytes)),
            (
                "slot-manufacturer",
                self.slot_manufacturer.as_deref().map(str::as_bytes),
            ),
            (
                "slot-description",
                self.slot_description.as_deref().map(str::as_bytes),
            ),
        ];
        let source = self.pin_source.as_ref().map(|PinSource::File(path)| {
            let path = path.as_os_str().as_encoded_bytes();
            // Two slashes would begin the name of a host.
            let host: &[u8] = if path.starts_with(b"//") { b"//" } else { b"" };
            [b"file:", host, path].concat()
        });
        let module = self.module_path.as_ref();
        let query: [(&str, Option<&[u8]>); 2] = [
            (
                "module-path",
                module.map(|path| path.as_os_str().as_encoded_bytes()),
            ),
            ("pin-source", source.as_deref()),
        ];
        f.write_str("pkcs11:")?;
        write_attributes(f, &path, "", ';', PATH_EXTRA)?;
        write_attributes(f, &query, "?", '&', QUERY_EXTRA)
    }
}

/// What chooses a library, which `module-path` does here.
const LIBRARY: [&str; 3] = [
    "library-manufacturer",
    "library-description",
    "library-version",
];

/// What a value of the path may hold beside [`is_plain`] characters.
const PATH_EXTRA: &[u8] = b"&";

/// What a value of the query may hold beside them.
const QUERY_EXTRA: &[u8] = b"/?|";

/// The characters that stand for themselves in any value: `unreserved` of RFC 3986 and
/// `pk11-res-avail` of RFC 7512.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:[]@!$'()*+,=".contains(&byte)
}

fn parts(text: &str, separator: char) -> impl Iterator<Item = &str> {
    text.split(separator).filter(move |_| !text.is_empty())
}

fn attribute(part: &str, number: usize) -> Result<(&str, &str), UriError> {
    let is_name = |name: &str| {
        let mut bytes = name.bytes();
        !name.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    match part.split_once('=') {
        Some((name, value)) if is_name(name) => Ok((name, value)),
        _ => Err(UriError::NotAttribute { number }),
    }
}

fn set<T>(place: &mut Option<T>, name: &str, value: T) -> Result<(), UriError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(UriError::Twice { name: shown(name) }),
    }
}

/// A name for a message, at a bearable length.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

/// A value as it stands in the URI.
struct Value<'a> {
    name: &'a str,
    raw: &'a str,
    extra: &'static [u8],
}

impl<'a> Value<'a> {
    fn new(name: &'a str, raw: &'a str, extra: &'static [u8]) -> Self {
        Self { name, raw, extra }
    }

    fn bytes(&self) -> Result<Vec<u8>, UriError> {
        let mut decoded = Vec::with_capacity(self.raw.len());
        let mut bytes = self.raw.bytes();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let digits = (bytes.next().and_then(hex), bytes.next().and_then(hex));
                let (Some(high), Some(low)) = digits else {
                    return Err(UriError::Percent {
                        name: shown(self.name),
                    });
                };
                decoded.push(high << 4 | low);
            } else if is_plain(byte) || self.extra.contains(&byte) {
                decoded.push(byte);
            } else {
                return Err(UriError::Character {
                    name: shown(self.name),
                });
            }
        }
        Ok(decoded)
    }

    fn text(&self) -> Result<String, UriError> {
        String::from_utf8(self.bytes()?).map_err(|_| UriError::Utf8 {
            name: shown(self.name),
        })
    }

    fn number(&self) -> Result<u64, UriError> {
        let error = UriError::Value {
            name: "slot-id",
            expected: "a number in decimal digits",
        };
        let digits = self.text()?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(error);
        }
        digits.parse().map_err(|_| error)
    }

    fn object_type(&self) -> Result<ObjectType, UriError> {
        let text = self.text()?;
        let mut all = ObjectType::ALL.into_iter();
        all.find(|kind| kind.as_str() == text)
            .ok_or(UriError::Value {
                name: "type",
                expected: "private, public, cert, secret-key or data",
            })
    }

    fn path(&self) -> Result<PathBuf, UriError> {
        absolute(&self.text()?).ok_or(UriError::Value {
            name: "module-path",
            expected: "an absolute path",
        })
    }

    /// A `file:` URI (RFC 8089) or a bare path. The RFC lets a program be named as well, which
    /// nobody should be able to make an agent run by writing into its configuration.
    fn pin_source(&self) -> Result<PinSource, UriError> {
        let text = self.text()?;
        let path = match text.strip_prefix("file:") {
            Some(rest) => match rest.strip_prefix("//") {
                Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
                None => rest,
            },
            None => &text,
        };
        let path = absolute(path).ok_or(UriError::Value {
            name: "pin-source",
            expected: "file: and an absolute path",
        })?;
        Ok(PinSource::File(path))
    }
}

fn absolute(path: &str) -> Option<PathBuf> {
    (path.starts_with('/') && !path.contains('\0')).then(|| path.into())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

fn write_attributes(
    f: &mut fmt::Formatter<'_>,
    attributes: &[(&str, Option<&[u8]>)],
    before: &str,
    between: char,
    extra: &[u8],
) -> fmt::Result {
    let given = attributes
        .iter()
        .filter_map(|(name, value)| Some((name, (*value)?)));
    for (index, (name, value)) in given.enumerate() {
        if index == 0 {
            f.write_str(before)?;
        } else {
            write!(f, "{between}")?;
        }
        write!(f, "{name}=")?;
        for byte in value {
            if is_plain(*byte) || extra.contains(byte) {
                write!(f, "{}", char::from(*byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
