//! Many connections, one message under way on each, from one thread.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hdrhistogram::Histogram;
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;

use super::{
    Figures, PATIENCE, Window, connect, histogram, message, nanoseconds, round_trip_figures,
};
use crate::clock;
use crate::link::contender::Pair;
use crate::link::setting::Setting;

const CONNECTIONS: usize = 32;
const MESSAGE: usize = 512;

/// Keeps one message under way on each of 32 connections.
pub(super) fn measure(pair: &Pair, setting: &Setting) -> Result<Figures> {
    let mut crowd = Crowd::gather(pair.entry())?;
    crowd.exchange(setting.plan.warm_up)?;
    setting.interrupt.check()?;
    let window = Window::open(pair)?;
    let times = crowd.exchange(setting.plan.window)?;
    let spent = window.close()?;
    setting.interrupt.check()?;
    Ok(round_trip_figures(&times, &spent))
}

struct Crowd {
    epoll: OwnedFd,
    members: Vec<Member>,
    events: Vec<epoll::Event>,
}

struct Member {
    stream: TcpStream,
    sent: Instant,
    missing: usize,
}

impl Crowd {
    /// Connects everyone, and sends everyone's first message.
    fn gather(entry: SocketAddr) -> Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut members = Vec::new();
        for index in 0..CONNECTIONS {
            let stream = connect(entry)?;
            let data = epoll::EventData::new_u64(index as u64);
            epoll::add(&epoll, &stream, data, epoll::EventFlags::IN)?;
            let mut member = Member {
                stream,
                sent: clock::now(),
                missing: 0,
            };
            member.send()?;
            members.push(member);
        }
        Ok(Self {
            epoll,
            members,
            events: Vec::with_capacity(CONNECTIONS),
        })
    }

    /// Answers that come in after `duration` are left for the next call.
    fn exchange(&mut self, duration: Duration) -> Result<Histogram<u64>> {
        let patience = Timespec::try_from(PATIENCE)?;
        let mut times = histogram()?;
        let end = clock::now() + duration;
        while clock::now() < end {
            match epoll::wait(
                &self.epoll,
                spare_capacity(&mut self.events),
                Some(&patience),
            ) {
                Ok(ready) => ensure!(ready > 0, "no answer within {PATIENCE:?}"),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            for event in self.events.drain(..) {
                let index = usize::try_from(event.data.u64())?;
                if let Some(time) = self.members[index].receive()? {
                    times.saturating_record(time);
                }
            }
        }
        Ok(times)
    }
}

impl Member {
    fn send(&mut self) -> Result<()> {
        self.missing = MESSAGE;
        self.sent = clock::now();
        self.stream
            .write_all(&message::<MESSAGE>())
            .context("sending")
    }

    /// Takes what is there; once the message is complete, tells its time and sends the next.
    fn receive(&mut self) -> Result<Option<u64>> {
        let mut message = [0; MESSAGE];
        let read = self.stream.read(&mut message[..self.missing]);
        let read = read.context("waiting for an answer")?;
        ensure!(read > 0, "a connection was closed before the answer came");
        self.missing -= read;
        if self.missing > 0 {
            return Ok(None);
        }
        let time = nanoseconds(self.sent, clock::now());
        self.send()?;
        Ok(Some(time))
    }
}
