//! Asks the local node who is where, for as long as the agent lives.
//!
//! A database that is not up yet is everyday life: the agent starts before it and outlives it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use ringlock_config::{Cql, CqlCredentials};
use ringlock_secret::{Password, PasswordSource};
use tokio::time::{sleep, timeout};

use super::conversation::{Conversation, CqlError};
use crate::{
    material::loading::{Loader, PATIENCE},
    shared::Shared,
};

/// How soon it is tried again after the first failure; doubled with each.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// How long a change is let go on before it is looked at: a node is announced before it has told
/// where it is.
const SETTLE: Duration = Duration::from_secs(1);

/// Asks, and asks again after every failure.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut configuration = shared.configured.subscribe();
    let mut asker = Asker::new(Arc::clone(&shared));
    loop {
        configuration.mark_unchanged();
        let cql = shared.in_force().config.topology.cql.clone();
        let asking = async {
            match &cql {
                Some(cql) => asker.ask(cql).await,
                None => shared.topology.forget_answers(),
            }
            // A configuration that was put in force meanwhile ends this as well.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = asking => {}
            changed = configuration.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

struct Asker {
    shared: Arc<Shared>,
    loader: Loader,
    /// What was warned of; it is said once.
    warned: Option<String>,
}

impl Asker {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            loader: Loader::new(),
            warned: None,
        }
    }

    async fn ask(&mut self, cql: &Cql) {
        let mut pause = FIRST_PAUSE;
        loop {
            let mut has_answered = false;
            let Err(error) = self.converse(cql, &mut has_answered).await;
            if has_answered {
                pause = FIRST_PAUSE;
            }
            self.report(&error);
            sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    async fn converse(
        &mut self,
        cql: &Cql,
        has_answered: &mut bool,
    ) -> Result<Infallible, CqlError> {
        let dialer = self.shared.in_force().dialer();
        let (mut conversation, class) = Conversation::begin(&dialer, cql.address).await?;
        match (class, &cql.credentials) {
            (None, _) => {}
            (Some(_), Some(credentials)) => {
                let password = self.password(credentials).await?;
                let username = &credentials.username;
                conversation.identify(username, &password).await?;
            }
            (Some(class), None) => {
                let address = cql.address;
                return Err(CqlError::Unnamed { address, class });
            }
        }
        conversation.register().await?;
        loop {
            let local = conversation.local().await?;
            let peers = conversation.peers().await?;
            self.answered(cql, has_answered);
            let state = format!("{} told {} nodes", cql.address, local.len() + peers.len());
            self.shared.topology.answered(local, peers, state);
            if let Ok(told) = timeout(cql.refresh, conversation.told()).await {
                told?;
                sleep(SETTLE).await;
            }
        }
    }

    async fn password(&self, credentials: &CqlCredentials) -> Result<Password, CqlError> {
        let source = PasswordSource::File(credentials.password_file.clone());
        let read = self.loader.run(PATIENCE, move || source.read()).await?;
        Ok(read?)
    }

    fn answered(&mut self, cql: &Cql, has_answered: &mut bool) {
        if !*has_answered {
            tracing::info!(address = %cql.address, "the local node tells who is where");
        }
        *has_answered = true;
        self.warned = None;
    }

    fn report(&mut self, error: &CqlError) {
        let text = error.to_string();
        if error.is_ordinary() {
            tracing::debug!("the local node is asked again: {text}");
        } else if self.warned.as_ref() != Some(&text) {
            tracing::warn!("the local node does not tell who is where: {text}");
            self.warned = Some(text.clone());
        }
        self.shared.topology.note(text);
    }
}
