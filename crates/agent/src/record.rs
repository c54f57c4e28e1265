//! One record for each relayed connection: on the list while it lives, in the log when it ends.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use ringlock_model::{EndReason, Security};

use crate::{
    conn::Ready,
    links::LinkHandle,
    pace::Pace,
    refusal::{REFUSED_BY_PEER, SESSION_BROKEN},
    relay::{End, Relay},
    shared::Shared,
};

/// A connection that is relayed. It is the whole task of a link, and small, since a node may have
/// thousands that lie idle.
pub(crate) struct Carried {
    shared: Arc<Shared>,
    relay: Relay,
    pace: Option<Pace>,
}

impl Carried {
    /// Puts the connection on the list of links.
    pub(crate) fn new(shared: Arc<Shared>, ready: Ready) -> Self {
        let link = shared.links.begin(ready.facts);
        shared.connections.count(match link.security() {
            Security::Tls(_) => "tls",
            Security::Plaintext { .. } => "plaintext",
            Security::Native(_) => "native",
        });
        tracing::debug!(%link, "established");
        let relay = Relay::new(
            ready.permit,
            ready.database,
            ready.peer,
            ready.transport,
            ready.early,
            link,
        );
        Self {
            shared,
            relay,
            pace: ready.pace,
        }
    }

    /// A peer that ended the connection without a word is one that could not be reached.
    fn keep_pace(&self) {
        let link = self.relay.link();
        if link.received() == 0
            && let Some(pace) = self.pace
            && let Err(error) = pace.keep(self.relay.database())
        {
            tracing::debug!(%error, %link, "the database may dial again at once");
        }
    }

    fn record(&self, end: End) {
        let link: &LinkHandle = self.relay.link();
        tracing::info!(
            peer = %link.peer(),
            direction = %link.direction(),
            state = %link.security(),
            sent = link.sent(),
            received = link.received(),
            seconds = link.since().elapsed().as_secs(),
            end = end.as_str(),
            why = link.ending().map(EndReason::as_str),
            "link ended"
        );
        if let Some(reason) = link.ending() {
            self.shared.turned.count(reason.as_str());
        }
        if end == End::Alerted {
            // In TLS 1.3 a peer that refuses our certificate says so after our side of the
            // handshake is over.
            self.shared.refused.count(REFUSED_BY_PEER);
        }
        if end == End::BrokenRecords {
            self.shared.refused.count(SESSION_BROKEN);
        }
        if let End::Refused(code) = end {
            self.shared.refused.count(code);
        }
    }
}

impl Future for Carried {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let end = ready!(self.relay.poll(cx));
        self.keep_pace();
        self.record(end);
        Poll::Ready(())
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.shared.links.end(self.relay.link());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_of_an_idle_link_is_small() {
        assert!(
            size_of::<Carried>() <= 256,
            "{} bytes",
            size_of::<Carried>()
        );
    }
}
