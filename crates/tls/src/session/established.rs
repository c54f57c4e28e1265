use ringlock_model::TlsFacts;
use rustls::{
    AlertDescription, ProtocolVersion, SupportedCipherSuite, client::ClientConnectionData,
    kernel::KernelConnection, pki_types::CertificateDer, server::ServerConnectionData,
};

use super::{Connection, Early, Opened, SessionError, Traffic};
use crate::{
    HandshakeFailure,
    record::{Cipher, Content, OVERHEAD, Opener, RecordError, Sealer, Slots, Version},
};

/// `KeyUpdate` with `update_not_requested` (RFC 8446 §4.6.3).
const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 0];

/// `close_notify` (RFC 8446 §6.1).
const CLOSE_NOTIFY: [u8; 2] = [1, 0];

/// The longest message after the handshake: a ticket that holds a whole certificate chain.
const MAX_MESSAGE: usize = 1 << 16;

/// How many records without application data may follow each other. Only an attacker sends more.
const MAX_IDLE_RECORDS: u8 = 32;

/// A session whose handshake is over.
pub(super) struct Established {
    sealer: Sealer,
    opener: Opener,
    schedule: Schedule,
    agreed: Option<Box<Agreed>>,
    /// The beginning of a record that has not arrived whole; empty between records.
    carry: Vec<u8>,
    /// Application data that the library opened with the end of the handshake.
    early: Early,
    /// The beginning of a handshake message that has not arrived whole.
    message: Vec<u8>,
    idle_records: u8,
    said_goodbye: bool,
}

/// What only the authorization needs to know.
struct Agreed {
    facts: TlsFacts,
    chain: Vec<CertificateDer<'static>>,
}

/// The library's key schedule, for new keys and, in the client's role, tickets.
enum Schedule {
    Client(KernelConnection<ClientConnectionData>),
    Server(KernelConnection<ServerConnectionData>),
}

impl Established {
    pub(super) fn new(
        connection: Connection,
        early: Early,
        rest: &[u8],
    ) -> Result<Self, SessionError> {
        let agreed = Agreed {
            facts: connection.facts(),
            chain: connection
                .common()
                .peer_certificates()
                .unwrap_or_default()
                .to_vec(),
        };
        let (secrets, schedule) = match connection {
            Connection::Client(connection) => {
                let (secrets, kernel) = connection.dangerous_into_kernel_connection()?;
                (secrets, Schedule::Client(kernel))
            }
            Connection::Server(connection) => {
                let (secrets, kernel) = connection.dangerous_into_kernel_connection()?;
                (secrets, Schedule::Server(kernel))
            }
        };
        let version = schedule.version();
        let (sent, sending) = secrets.tx;
        let (received, receiving) = secrets.rx;
        Ok(Self {
            sealer: Sealer::new(Cipher::new(sent, sending, version)?, schedule.limit()),
            opener: Opener::new(Cipher::new(received, receiving, version)?),
            schedule,
            agreed: Some(Box::new(agreed)),
            carry: rest.to_vec(),
            early,
            message: Vec::new(),
            idle_records: 0,
            said_goodbye: false,
        })
    }

    fn open_all(
        &mut self,
        incoming: &[u8],
        plaintext: &mut [u8],
        outgoing: &mut Vec<u8>,
    ) -> Result<Opened, SessionError> {
        if plaintext.len() < incoming.len() {
            return Err(SessionError::Buffer {
                available: plaintext.len(),
                required: incoming.len(),
            });
        }
        let mut consumed = 0;
        let mut written = 0;
        let mut ended = false;
        while !ended {
            let room = plaintext.get_mut(written..).unwrap_or_default();
            let Some(record) = self.opener.open(&incoming[consumed..], room)? else {
                break;
            };
            consumed += record.taken;
            let content = &room[..record.plaintext];
            if !self.message.is_empty() && record.content != Content::Handshake {
                // A handshake message may span records, but nothing may stand between them
                // (RFC 8446 §5.1).
                return Err(RecordError::Unexpected.into());
            }
            if record.content == Content::ApplicationData && record.plaintext > 0 {
                written += record.plaintext;
                self.idle_records = 0;
                continue;
            }
            self.count_idle()?;
            match record.content {
                Content::ApplicationData => {}
                Content::Alert => ended = is_goodbye(content)?,
                Content::Handshake => self.take_message(content, outgoing)?,
                Content::ChangeCipherSpec => return Err(RecordError::Unexpected.into()),
            }
        }
        self.keep(&incoming[consumed..]);
        Ok(Opened {
            plaintext: written,
            ended,
        })
    }

    fn count_idle(&mut self) -> Result<(), RecordError> {
        self.idle_records += 1;
        if self.idle_records > MAX_IDLE_RECORDS {
            return Err(RecordError::Unexpected);
        }
        Ok(())
    }

    /// Keeps the beginning of a record, and gives its memory back when there is none.
    fn keep(&mut self, rest: &[u8]) {
        if rest.is_empty() {
            self.carry = Vec::new();
        } else {
            self.carry.clear();
            self.carry.extend_from_slice(rest);
        }
    }

    /// Takes a part of the stream of handshake messages, and acts on those that are whole.
    fn take_message(&mut self, part: &[u8], outgoing: &mut Vec<u8>) -> Result<(), SessionError> {
        if part.is_empty() {
            return Err(RecordError::Unexpected.into());
        }
        let mut stream = std::mem::take(&mut self.message);
        stream.extend_from_slice(part);
        let mut rest = &stream[..];
        while let Some((kind, body, after)) = split_message(rest)? {
            self.act_on(kind, body, after.is_empty(), outgoing)?;
            rest = after;
        }
        if !rest.is_empty() {
            self.message = rest.to_vec();
        }
        Ok(())
    }

    fn act_on(
        &mut self,
        kind: u8,
        body: &[u8],
        is_last: bool,
        outgoing: &mut Vec<u8>,
    ) -> Result<(), SessionError> {
        match (self.sealer.version(), kind, &mut self.schedule) {
            // NewSessionTicket
            (Version::Tls13, 4, Schedule::Client(kernel)) => {
                Ok(kernel.handle_new_session_ticket(body)?)
            }
            // KeyUpdate; nothing may follow it under the old key (RFC 8446 §5.1).
            (Version::Tls13, 24, _) if is_last => self.take_key_update(body, outgoing),
            // HelloRequest; a client may ignore it (RFC 5246 §7.4.1.1).
            (Version::Tls12, 0, Schedule::Client(_)) if body.is_empty() => Ok(()),
            _ => Err(RecordError::Unexpected.into()),
        }
    }

    fn take_key_update(&mut self, body: &[u8], outgoing: &mut Vec<u8>) -> Result<(), SessionError> {
        let requested = match body {
            [0] => false,
            [1] => true,
            _ => return Err(RecordError::Decode.into()),
        };
        let (number, secrets) = self.schedule.update_receiving()?;
        self.opener = Opener::new(Cipher::new(number, secrets, Version::Tls13)?);
        if requested && !self.said_goodbye {
            self.announce_key(outgoing)?;
        }
        Ok(())
    }

    fn announce_key(&mut self, outgoing: &mut Vec<u8>) -> Result<(), SessionError> {
        let start = outgoing.len();
        outgoing.resize(start + KEY_UPDATE.len() + OVERHEAD, 0);
        let written = self.change_key(&mut outgoing[start..])?;
        outgoing.truncate(start + written);
        Ok(())
    }

    /// Announces a new key under the old one, and goes over to it.
    fn change_key(&mut self, out: &mut [u8]) -> Result<usize, SessionError> {
        if self.sealer.version() == Version::Tls12 {
            return Err(SessionError::Exhausted);
        }
        let written = self.sealer.seal(Content::Handshake, &KEY_UPDATE, out)?;
        let (number, secrets) = self.schedule.update_sending()?;
        let cipher = Cipher::new(number, secrets, Version::Tls13)?;
        self.sealer = Sealer::new(cipher, self.schedule.limit());
        Ok(written)
    }

    fn append(
        &mut self,
        content: Content,
        plaintext: &[u8],
        outgoing: &mut Vec<u8>,
    ) -> Result<(), SessionError> {
        let start = outgoing.len();
        outgoing.resize(start + plaintext.len() + OVERHEAD, 0);
        let written = self
            .sealer
            .seal(content, plaintext, &mut outgoing[start..])?;
        outgoing.truncate(start + written);
        Ok(())
    }
}

impl Traffic for Established {
    fn facts(&self) -> Option<&TlsFacts> {
        self.agreed.as_ref().map(|agreed| &agreed.facts)
    }

    fn peer_chain(&self) -> &[CertificateDer<'static>] {
        self.agreed.as_ref().map_or(&[], |agreed| &agreed.chain)
    }

    fn forget_peer(&mut self) {
        self.agreed = None;
    }

    fn carried(&self) -> &[u8] {
        &self.carry
    }

    fn seal(&mut self, plaintext: &[u8], out: &mut [u8]) -> Result<usize, SessionError> {
        if self.said_goodbye {
            return Err(SessionError::NotEstablished);
        }
        let mut written = 0;
        if self.sealer.is_used_up(plaintext.len()) {
            written = self.change_key(out)?;
        }
        let rest = out.get_mut(written..).unwrap_or_default();
        Ok(written
            + self
                .sealer
                .seal(Content::ApplicationData, plaintext, rest)?)
    }

    fn slots(&self) -> Slots {
        self.sealer.slots()
    }

    fn seal_slots(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SessionError> {
        if self.said_goodbye {
            return Err(SessionError::NotEstablished);
        }
        self.sealer.seal_slots(buffer, length)
    }

    fn refresh_key(
        &mut self,
        plaintext: usize,
        outgoing: &mut Vec<u8>,
    ) -> Result<(), SessionError> {
        if self.sealer.is_used_up(plaintext) {
            self.announce_key(outgoing)?;
        }
        Ok(())
    }

    fn close(&mut self, out: &mut [u8]) -> Result<usize, SessionError> {
        if self.said_goodbye {
            return Ok(0);
        }
        self.said_goodbye = true;
        self.sealer.seal(Content::Alert, &CLOSE_NOTIFY, out)
    }

    fn open_early(&mut self, outgoing: &mut Vec<u8>) -> Result<Early, SessionError> {
        let mut early = std::mem::take(&mut self.early);
        let incoming = std::mem::take(&mut self.carry);
        if !incoming.is_empty() && !early.ended {
            let start = early.plaintext.len();
            early.plaintext.resize(start + incoming.len(), 0);
            let opened = self.open(&incoming, &mut early.plaintext[start..], outgoing)?;
            early.plaintext.truncate(start + opened.plaintext);
            early.ended = opened.ended;
        }
        Ok(early)
    }

    fn open(
        &mut self,
        incoming: &[u8],
        plaintext: &mut [u8],
        outgoing: &mut Vec<u8>,
    ) -> Result<Opened, SessionError> {
        let opened = self.open_all(incoming, plaintext, outgoing);
        if let Err(SessionError::Record(error)) = &opened {
            // RFC 8446 §6.2: the peer is told why.
            self.append(Content::Alert, &[2, error.alert()], outgoing)?;
            self.said_goodbye = true;
        }
        opened
    }
}

impl Schedule {
    fn suite(&self) -> SupportedCipherSuite {
        match self {
            Self::Client(kernel) => kernel.negotiated_cipher_suite(),
            Self::Server(kernel) => kernel.negotiated_cipher_suite(),
        }
    }

    fn version(&self) -> Version {
        let version = match self {
            Self::Client(kernel) => kernel.protocol_version(),
            Self::Server(kernel) => kernel.protocol_version(),
        };
        if version == ProtocolVersion::TLSv1_3 {
            Version::Tls13
        } else {
            Version::Tls12
        }
    }

    /// How many records a key of the suite may protect.
    fn limit(&self) -> u64 {
        match self.suite() {
            SupportedCipherSuite::Tls13(suite) => suite.common.confidentiality_limit,
            SupportedCipherSuite::Tls12(suite) => suite.common.confidentiality_limit,
        }
    }

    fn update_sending(&mut self) -> Result<Secrets, rustls::Error> {
        match self {
            Self::Client(kernel) => kernel.update_tx_secret(),
            Self::Server(kernel) => kernel.update_tx_secret(),
        }
    }

    fn update_receiving(&mut self) -> Result<Secrets, rustls::Error> {
        match self {
            Self::Client(kernel) => kernel.update_rx_secret(),
            Self::Server(kernel) => kernel.update_rx_secret(),
        }
    }
}

/// The number of the next record, and its key.
type Secrets = (u64, rustls::ConnectionTrafficSecrets);

/// Whether an alert ends the peer's direction in order; any other ends the session.
fn is_goodbye(alert: &[u8]) -> Result<bool, SessionError> {
    let [_, description] = alert else {
        return Err(RecordError::Decode.into());
    };
    match AlertDescription::from(*description) {
        AlertDescription::CloseNotify => Ok(true),
        // It announces close_notify and means nothing by itself (RFC 8446 §6.1).
        AlertDescription::UserCanceled => Ok(false),
        other => Err(SessionError::Peer(HandshakeFailure::from_rustls(
            rustls::Error::AlertReceived(other),
        ))),
    }
}

/// The first message of a stream: its kind, its body, and what follows.
type Message<'a> = (u8, &'a [u8], &'a [u8]);

fn split_message(stream: &[u8]) -> Result<Option<Message<'_>>, RecordError> {
    let Some(([kind, high, middle, low], rest)) = stream.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
    if length > MAX_MESSAGE {
        return Err(RecordError::Decode);
    }
    Ok(rest
        .split_at_checked(length)
        .map(|(body, after)| (*kind, body, after)))
}
