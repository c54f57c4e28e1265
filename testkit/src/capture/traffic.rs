use std::{collections::HashMap, net::SocketAddr};

use memchr::memmem::Finder;

use super::{
    segment::Segment,
    stream::{Findings, Stream},
};
use crate::clock::Moment;

/// All that a capture saw, connection by connection.
#[derive(Clone, Debug)]
pub struct Traffic {
    marker: Finder<'static>,
    flows: Vec<Tracked>,
    /// The newest flow between two sockets, whichever of them is named first.
    newest: HashMap<(SocketAddr, SocketAddr), usize>,
    plaintext: Vec<Plaintext>,
    sightings: Vec<Moment>,
    last_sighting: Option<Sighting>,
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Who dialled; of a connection whose opening was not seen, the side with the higher port.
    pub client: SocketAddr,
    /// Who was dialled.
    pub server: SocketAddr,
    /// Its first packet.
    pub first_seen: Moment,
    /// Its last packet.
    pub last_seen: Moment,
    /// Whether it was seen from its opening on. If not, all its bytes count as plaintext.
    pub opening_seen: bool,
    /// Whether it was closed or reset.
    pub ended: bool,
    /// Bytes of payload, repetitions included.
    pub payload: u64,
    /// Those of them that are in no TLS record.
    pub plaintext: u64,
    /// Those of them that came after bytes which the capture missed.
    pub unverified: u64,
}

/// The marker, in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When.
    pub at: Moment,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// The marker and what follows it, as far as it can be printed.
    pub excerpt: String,
}

#[derive(Clone, Debug)]
struct Tracked {
    flow: Flow,
    /// The SYN's number, to tell a repeated SYN from a new connection between the same sockets.
    syn: Option<u32>,
    /// From client to server, and back.
    streams: [Stream; 2],
}

#[derive(Clone, Copy, Debug)]
struct Plaintext {
    at: Moment,
    bytes: u64,
    flow: usize,
}

impl Traffic {
    /// Nothing seen yet.
    pub(super) fn new(marker: &str) -> Self {
        Self {
            marker: Finder::new(marker).into_owned(),
            flows: Vec::new(),
            newest: HashMap::new(),
            plaintext: Vec::new(),
            sightings: Vec::new(),
            last_sighting: None,
        }
    }

    /// Every connection, in the order of their first packets.
    pub fn flows(&self) -> impl Iterator<Item = &Flow> {
        self.flows.iter().map(|tracked| &tracked.flow)
    }

    /// Bytes of payload that crossed the network in clear from that moment on.
    pub fn plaintext_bytes_since(&self, moment: Moment) -> u64 {
        self.plaintext_since(moment).map(|seen| seen.bytes).sum()
    }

    /// The connections that carried these bytes.
    pub fn plaintext_flows_since(&self, moment: Moment) -> Vec<&Flow> {
        let mut flows: Vec<_> = self.plaintext_since(moment).map(|seen| seen.flow).collect();
        flows.sort_unstable();
        flows.dedup();
        flows
            .into_iter()
            .filter_map(|index| self.flows.get(index).map(|tracked| &tracked.flow))
            .collect()
    }

    /// Bytes of payload that crossed the network in clear in this span, the end left out.
    pub fn plaintext_bytes_between(&self, from: Moment, to: Moment) -> u64 {
        self.plaintext_bytes_since(from)
            .saturating_sub(self.plaintext_bytes_since(to))
    }

    /// Bytes that the capture cannot vouch for.
    pub fn unverified_bytes(&self) -> u64 {
        self.flows.iter().map(Tracked::unverified).sum()
    }

    /// How often the marker was seen in clear.
    pub fn sightings(&self) -> usize {
        self.sightings.len()
    }

    /// How often the marker was seen in clear in this span, the end left out.
    pub fn sightings_between(&self, from: Moment, to: Moment) -> usize {
        let within = |at: &&Moment| (from..to).contains(*at);
        self.sightings.iter().filter(within).count()
    }

    /// The marker where it was last seen in clear.
    pub fn last_sighting(&self) -> Option<&Sighting> {
        self.last_sighting.as_ref()
    }

    /// Takes one segment.
    pub(super) fn observe(&mut self, segment: &Segment<'_>) {
        let index = self.flow_of(segment);
        let Some(tracked) = self.flows.get_mut(index) else {
            return;
        };
        let findings = tracked.take(segment, &self.marker);
        if findings.plaintext > 0 {
            self.plaintext.push(Plaintext {
                at: segment.at,
                bytes: findings.plaintext,
                flow: index,
            });
        }
        for excerpt in findings.excerpts {
            self.sightings.push(segment.at);
            self.last_sighting = Some(Sighting {
                at: segment.at,
                from: segment.from,
                to: segment.to,
                excerpt,
            });
        }
    }

    fn plaintext_since(&self, moment: Moment) -> impl Iterator<Item = &Plaintext> {
        self.plaintext.iter().filter(move |seen| seen.at >= moment)
    }

    fn flow_of(&mut self, segment: &Segment<'_>) -> usize {
        let key = if segment.from < segment.to {
            (segment.from, segment.to)
        } else {
            (segment.to, segment.from)
        };
        let known = self
            .newest
            .get(&key)
            .filter(|index| !self.flows[**index].is_replaced_by(segment));
        if let Some(index) = known {
            return *index;
        }
        let index = self.flows.len();
        self.flows.push(Tracked::new(segment));
        self.newest.insert(key, index);
        index
    }
}

impl Tracked {
    fn new(segment: &Segment<'_>) -> Self {
        let opening = segment.syn && !segment.ack;
        let answering = segment.syn && segment.ack;
        let dialled = opening || (!answering && segment.from.port() > segment.to.port());
        let (client, server) = if dialled {
            (segment.from, segment.to)
        } else {
            (segment.to, segment.from)
        };
        Self {
            flow: Flow {
                client,
                server,
                first_seen: segment.at,
                last_seen: segment.at,
                opening_seen: opening,
                ended: false,
                payload: 0,
                plaintext: 0,
                unverified: 0,
            },
            syn: opening.then_some(segment.sequence),
            streams: [Stream::new(), Stream::new()],
        }
    }

    fn unverified(&self) -> u64 {
        let undecided = self.streams.iter().map(|s| s.undecided(self.flow.ended));
        self.flow.unverified + undecided.sum::<u64>()
    }

    fn is_replaced_by(&self, segment: &Segment<'_>) -> bool {
        segment.syn && !segment.ack && self.syn != Some(segment.sequence)
    }

    fn take(&mut self, segment: &Segment<'_>, marker: &Finder<'_>) -> Findings {
        let backward = usize::from(segment.from != self.flow.client);
        let stream = &mut self.streams[backward];
        if segment.syn {
            stream.open(segment.sequence);
        }
        let findings = stream.take(segment.sequence, segment.payload, marker);
        let flow = &mut self.flow;
        flow.last_seen = segment.at;
        flow.ended |= segment.fin || segment.rst;
        flow.payload += segment.payload.len() as u64;
        flow.plaintext += findings.plaintext;
        flow.unverified += findings.unverified;
        findings
    }
}
