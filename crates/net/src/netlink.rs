//! Netlink: one request, its whole answer, in bytes.
//!
//! Formats are those of `linux/netlink.h`; integers are in the machine's own order unless an
//! attribute says otherwise. The sockets are made afresh for each question, in the network
//! namespace of the calling thread.

use std::{io, os::fd::OwnedFd, time::Duration};

use rustix::{
    io::{Errno, retry_on_intr},
    net::{
        AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, connect,
        netlink::SocketAddrNetlink, recv, send, socket_with, sockopt,
    },
};

/// A conversation with one subsystem of the kernel.
pub(crate) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NetlinkError {
    /// The kernel answered with an error.
    Refused(Errno),
    /// The socket failed, or the kernel stayed silent.
    Transport(io::Error),
    /// The tables changed during every attempt to list them.
    Unsteady,
    /// The answer is not in the format that the kernel documents; what is wrong with it.
    Malformed(&'static str),
}

impl Netlink {
    /// Opens a socket to `protocol`, which only the kernel can write to.
    pub(crate) fn open(protocol: Protocol) -> Result<Self, NetlinkError> {
        let transport = |errno: Errno| NetlinkError::Transport(errno.into());
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            Some(protocol),
        )
        .map_err(transport)?;
        connect(&socket, &SocketAddrNetlink::new(0, 0)).map_err(transport)?;
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(ANSWER_TIMEOUT))
            .map_err(transport)?;
        Ok(Self {
            socket,
            sequence: 0,
            buffer: vec![0; BUFFER],
        })
    }

    /// Sends one request and gives the payloads that come before its acknowledgement.
    pub(crate) fn request(&mut self, kind: u16, body: &[u8]) -> Result<Vec<Vec<u8>>, NetlinkError> {
        self.send(kind, NLM_F_REQUEST | NLM_F_ACK, body)?;
        let mut payloads = Vec::new();
        loop {
            let sequence = self.sequence;
            for message in messages(self.receive()?) {
                let message = message?;
                match message.kind {
                    _ if message.sequence != sequence => {}
                    NLMSG_ERROR => return verdict(message.payload).map(|()| payloads),
                    _ => payloads.push(message.payload.to_vec()),
                }
            }
        }
    }

    /// Lists a table, keeping what `parse` keeps. A listing during which the kernel says that the
    /// table changed (`NLM_F_DUMP_INTR`) is thrown away and made again.
    pub(crate) fn dump<T>(
        &mut self,
        kind: u16,
        body: &[u8],
        parse: impl Fn(&[u8]) -> Result<Option<T>, NetlinkError>,
    ) -> Result<Vec<T>, NetlinkError> {
        for _ in 0..DUMP_ATTEMPTS {
            self.send(kind, NLM_F_REQUEST | NLM_F_DUMP, body)?;
            if let Some(found) = self.collect(&parse)? {
                return Ok(found);
            }
        }
        Err(NetlinkError::Unsteady)
    }

    /// Reads the parts of a listing to its end; nothing when it was interrupted.
    fn collect<T>(
        &mut self,
        parse: &impl Fn(&[u8]) -> Result<Option<T>, NetlinkError>,
    ) -> Result<Option<Vec<T>>, NetlinkError> {
        let mut found = Vec::new();
        let mut steady = true;
        loop {
            let sequence = self.sequence;
            for message in messages(self.receive()?) {
                let message = message?;
                if message.sequence != sequence {
                    continue;
                }
                steady &= message.flags & NLM_F_DUMP_INTR == 0;
                match message.kind {
                    NLMSG_DONE => {
                        return verdict(message.payload).map(|()| steady.then_some(found));
                    }
                    NLMSG_ERROR => verdict(message.payload)?,
                    NLMSG_NOOP => {}
                    _ => found.extend(parse(message.payload)?),
                }
            }
        }
    }

    fn send(&mut self, kind: u16, flags: u16, body: &[u8]) -> Result<(), NetlinkError> {
        self.sequence = self.sequence.wrapping_add(1);
        let request = message(kind, flags, self.sequence, body);
        retry_on_intr(|| send(&self.socket, &request, SendFlags::empty()))
            .map(drop)
            .map_err(|errno| NetlinkError::Transport(errno.into()))
    }

    fn receive(&mut self) -> Result<&[u8], NetlinkError> {
        let Self { socket, buffer, .. } = self;
        let (_, length) = retry_on_intr(|| recv(&*socket, buffer.as_mut_slice(), RecvFlags::TRUNC))
            .map_err(|errno| NetlinkError::Transport(errno.into()))?;
        buffer
            .get(..length)
            .ok_or(NetlinkError::Malformed("a part is longer than 64 KiB"))
    }
}

/// One message of a datagram.
struct Message<'a> {
    kind: u16,
    flags: u16,
    sequence: u32,
    payload: &'a [u8],
}

/// The messages of a datagram, in order; an error is the last.
fn messages(mut rest: &[u8]) -> impl Iterator<Item = Result<Message<'_>, NetlinkError>> {
    std::iter::from_fn(move || {
        (!rest.is_empty()).then(|| {
            let cut = NetlinkError::Malformed("a message ends before its length says");
            let (message, after) =
                split_message(rest).map_or((Err(cut), &[][..]), |(m, a)| (Ok(m), a));
            rest = after;
            message
        })
    })
}

fn split_message(bytes: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
    let message = Message {
        kind: u16_at(bytes, 4)?,
        flags: u16_at(bytes, 6)?,
        sequence: u32_at(bytes, 8)?,
        payload: bytes.get(HEADER..length)?,
    };
    Some((message, bytes.get(aligned(length)..).unwrap_or_default()))
}

/// What an error message, an acknowledgement or the end of a listing says.
fn verdict(payload: &[u8]) -> Result<(), NetlinkError> {
    let code = u32_at(payload, 0).ok_or(NetlinkError::Malformed("an error without its number"))?;
    match code.cast_signed() {
        0.. => Ok(()),
        negative => Err(NetlinkError::Refused(Errno::from_raw_os_error(-negative))),
    }
}

fn message(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend(length.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend(0_u32.to_ne_bytes());
    bytes.extend(body);
    bytes
}

/// Appends one attribute (`struct nlattr`) to `body`.
pub(crate) fn put_attribute(body: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(ATTRIBUTE_HEADER + value.len()).unwrap_or(u16::MAX);
    body.extend(length.to_ne_bytes());
    body.extend(kind.to_ne_bytes());
    body.extend(value);
    body.resize(aligned(body.len()), 0);
}

/// The first attribute of this kind, whatever its flags.
pub(crate) fn attribute(mut bytes: &[u8], kind: u16) -> Option<&[u8]> {
    loop {
        let length = usize::from(u16_at(bytes, 0)?);
        let value = bytes.get(ATTRIBUTE_HEADER..length)?;
        if u16_at(bytes, 2)? & NLA_TYPE_MASK == kind {
            return Some(value);
        }
        bytes = bytes.get(aligned(length)..)?;
    }
}

/// Two bytes in the machine's order.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_ne_bytes)
}

/// Four bytes in the machine's order.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_ne_bytes)
}

/// `N` bytes.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

const fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

/// Marks an attribute that holds attributes.
pub(crate) const NLA_F_NESTED: u16 = 1 << 15;

const HEADER: usize = 16;
const ATTRIBUTE_HEADER: usize = 4;
const NLA_TYPE_MASK: u16 = 0x3fff;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLM_F_DUMP: u16 = 0x300;
const NLMSG_NOOP: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// The kernel makes parts of a listing of at most 32 KiB.
const BUFFER: usize = 64 * 1024;
const DUMP_ATTEMPTS: u32 = 8;
/// The kernel answers while the request is being sent; silence means that something is broken.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_one_datagram_are_told_apart_by_their_aligned_lengths() {
        let mut datagram = message(20, 0, 7, b"abcde");
        datagram.resize(aligned(datagram.len()), 0);
        datagram.extend(message(NLMSG_DONE, 0, 7, &0_u32.to_ne_bytes()));
        let found: Vec<_> = messages(&datagram).map(Result::unwrap).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].kind, found[0].sequence, found[0].payload),
            (20, 7, &b"abcde"[..])
        );
        assert_eq!(found[1].kind, NLMSG_DONE);
    }

    #[test]
    fn a_datagram_cut_anywhere_is_malformed_and_never_read_beyond() {
        let whole = message(20, 0, 7, b"abcdefgh");
        for length in 1..whole.len() {
            let last = messages(&whole[..length]).last().unwrap();
            assert!(
                matches!(last, Err(NetlinkError::Malformed(_))),
                "{length} bytes"
            );
        }
        let mut lies = whole;
        lies[..4].copy_from_slice(&3_u32.to_ne_bytes());
        assert!(
            messages(&lies).next().unwrap().is_err(),
            "a length below the header's own"
        );
    }

    #[test]
    fn an_error_number_is_the_kernels_verdict() {
        assert!(verdict(&0_i32.to_ne_bytes()).is_ok());
        let refused = verdict(&(-1_i32).to_ne_bytes());
        assert!(matches!(refused, Err(NetlinkError::Refused(Errno::PERM))));
        assert!(matches!(verdict(&[0, 0]), Err(NetlinkError::Malformed(_))));
    }

    #[test]
    fn attributes_are_found_by_kind_whatever_their_flags_and_padding() {
        let mut bytes = Vec::new();
        put_attribute(&mut bytes, 1, b"x");
        put_attribute(&mut bytes, 2 | NLA_F_NESTED, b"yes");
        assert_eq!(bytes.len(), 16);
        assert_eq!(attribute(&bytes, 2), Some(&b"yes"[..]));
        assert_eq!(attribute(&bytes, 3), None);
        assert_eq!(
            attribute(&[0, 0, 0, 0], 3),
            None,
            "a length of zero ends the search"
        );
    }
}
