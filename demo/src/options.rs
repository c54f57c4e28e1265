use std::{ffi::OsString, time::Duration};

use clap::{Parser, Subcommand};

/// Takes a real Cassandra cluster under load from plaintext to mutual TLS and back.
#[derive(Debug, Parser)]
#[command(name = "demo", version)]
pub(crate) struct Options {
    /// Nodes of the cluster, each about 1 GB of memory
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(3..=12))]
    nodes: u8,
    /// Seconds that each state is observed: plaintext, encrypted, plaintext again
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Stop when everything is encrypted, leave it running and say what to try
    #[arg(long)]
    pub(crate) hold: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What the hints of `--hold` use.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a command in the user namespace of a demo that an ordinary user holds.
    #[command(hide = true)]
    Join {
        /// The process id in the hints.
        pid: u32,
        /// The command.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
}

impl Options {
    /// How many nodes.
    pub(crate) fn nodes(&self) -> usize {
        usize::from(self.nodes)
    }

    /// How long each state is observed.
    pub(crate) fn observed(&self) -> Duration {
        Duration::from_secs(u64::from(self.seconds))
    }
}
