//! `ringlock ca`: a certificate authority in a folder, for the nodes of one cluster.
//!
//! | folder | file | mode | what it is |
//! |---|---|---|---|
//! | `--dir` | `ca.key` | 0600 | the CA's private key; stays here |
//! | `--dir` | `ca.crt` | 0644 | the CA's certificate |
//! | `--out` | `node.key` | 0600 | a node's private key |
//! | `--out` | `ca.crt` | 0644 | what the node trusts |
//! | `--out` | `node.crt` | 0644 | the node's certificate |

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use ringlock_files::{
    Existing, FileError, NewFile, create_dir_private, read_limited, read_private, write_set,
};
use ringlock_model::NodeUri;
use ringlock_pki::ca::{Ca, InitError, IssueError, Issued, KeyKind, NodeRequest};
use ringlock_store::{KeyStore, MAX_BYTES, parse_pem};
use time::{Duration, OffsetDateTime, macros::format_description};

use crate::outcome::{Failure, Outcome, print};

const CA_KEY: &str = "ca.key";
const CA_CERTIFICATE: &str = "ca.crt";
const NODE_KEY: &str = "node.key";
const NODE_CERTIFICATE: &str = "node.crt";
const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

/// What `ringlock ca` can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make the CA of a cluster: its key and its certificate.
    Init(InitArgs),
    /// Issue the certificate of one node, with a new key.
    Issue(IssueArgs),
}

#[derive(clap::Args)]
pub(crate) struct InitArgs {
    /// The folder of the CA; it is made for its owner alone
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// cluster_name of the database
    #[arg(long, value_name = "NAME")]
    cluster: String,
    /// How long the CA is valid
    #[arg(long, value_name = "N", default_value_t = 3650, value_parser = days())]
    days: u32,
}

#[derive(clap::Args)]
pub(crate) struct IssueArgs {
    /// The folder of the CA
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The node's own name, unique in the cluster
    #[arg(long, value_name = "NAME")]
    node: String,
    /// The node's datacenter, as its snitch names it
    #[arg(long, value_name = "NAME")]
    dc: String,
    /// The node's rack, as its snitch names it
    #[arg(long, value_name = "NAME")]
    rack: String,
    /// The addresses at which others see it: listen, broadcast and rpc address
    #[arg(long, value_name = "IP", num_args = 1.., value_delimiter = ',', required = true)]
    ip: Vec<IpAddr>,
    /// Its DNS names
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    dns: Vec<String>,
    /// The folder for node.crt, node.key and ca.crt
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How long the certificate is valid; never longer than the CA
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = days())]
    days: u32,
    /// The kind of key: p256, p384, rsa:2048, rsa:3072 or rsa:4096; old cipher suites need RSA
    #[arg(long, value_name = "KIND", default_value_t)]
    key: KeyKind,
    /// Replace the files of an earlier certificate
    #[arg(long)]
    force: bool,
}

/// Carries out the command.
pub(crate) fn run(command: Command) -> Outcome {
    let now = OffsetDateTime::now_utc();
    print(match command {
        Command::Init(args) => init(&args, now)?,
        Command::Issue(args) => issue(&args, now)?,
    })
}

fn init(args: &InitArgs, now: OffsetDateTime) -> Result<String, Failure> {
    let ca =
        Ca::init(&args.cluster, Duration::days(args.days.into()), now).map_err(
            |error| match error {
                InitError::Name(_) | InitError::Validity { .. } => Failure::wrong(error),
                _ => Failure::failed(error),
            },
        )?;
    create_dir_private(&args.dir).map_err(Failure::failed)?;
    let key = ca.key_pem().map_err(Failure::failed)?;
    write(
        &[
            (&args.dir.join(CA_KEY), PRIVATE, &key),
            (
                &args.dir.join(CA_CERTIFICATE),
                PUBLIC,
                &ca.certificate_pem(),
            ),
        ],
        Existing::Refuse,
        "another CA needs another --dir",
    )?;
    let dir = args.dir.display();
    Ok(format!(
        "The CA of cluster {cluster:?} is made, valid until {end}.\n\
         {dir}/{CA_CERTIFICATE}  every node's truststore\n\
         {dir}/{CA_KEY}  signs certificates; keep it off the nodes, and keep a copy",
        cluster = ca.cluster(),
        end = date(ca.not_after()),
    ))
}

fn issue(args: &IssueArgs, now: OffsetDateTime) -> Result<String, Failure> {
    let ca = load(&args.dir)?;
    let request = NodeRequest {
        uri: NodeUri {
            cluster: ca.cluster().to_owned(),
            datacenter: args.dc.clone(),
            rack: args.rack.clone(),
            node: args.node.clone(),
        },
        ips: args.ip.clone(),
        dns: args.dns.clone(),
        validity: Duration::days(args.days.into()),
    };
    let issued = ca
        .issue_with(&request, args.key, now)
        .map_err(|error| match error {
            IssueError::Name(_) | IssueError::Validity { .. } => Failure::wrong(error),
            _ => Failure::failed(error),
        })?;
    create_dir_private(&args.out).map_err(Failure::failed)?;
    // The certificate comes last: whoever sees it finds its key, and an agent that reloads on
    // its arrival finds the whole set.
    write(
        &[
            (&args.out.join(NODE_KEY), PRIVATE, &issued.key_pem()),
            (
                &args.out.join(CA_CERTIFICATE),
                PUBLIC,
                &ca.certificate_pem(),
            ),
            (
                &args.out.join(NODE_CERTIFICATE),
                PUBLIC,
                &issued.chain_pem(),
            ),
        ],
        match args.force {
            true => Existing::Replace,
            false => Existing::Refuse,
        },
        "--force replaces the node's three files",
    )?;
    Ok(summary(&request, &issued, args))
}

fn load(dir: &Path) -> Result<Ca, Failure> {
    let (key, certificate) = (dir.join(CA_KEY), dir.join(CA_CERTIFICATE));
    let missing = |error: FileError| match error {
        FileError::Missing { .. } => {
            Failure::failed(format!("{error}; `ringlock ca init` makes a CA"))
        }
        _ => Failure::failed(error),
    };
    let key = store(&key, &read_private(&key, MAX_BYTES).map_err(missing)?)?;
    let certificate = store(
        &certificate,
        &read_limited(&certificate, MAX_BYTES).map_err(missing)?,
    )?;
    Ca::load(&key.join(certificate))
        .map_err(|error| Failure::failed(format!("{}: {error}", dir.display())))
}

fn store(path: &Path, bytes: &[u8]) -> Result<KeyStore, Failure> {
    parse_pem(bytes).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

fn write(files: &[(&Path, u32, &str)], existing: Existing, instead: &str) -> Result<(), Failure> {
    let files: Vec<_> = files
        .iter()
        .map(|(path, mode, text)| NewFile {
            path,
            mode: *mode,
            bytes: text.as_bytes(),
        })
        .collect();
    write_set(&files, existing).map_err(|error| match error {
        FileError::Exists { .. } => Failure::failed(format!("{error}; {instead}")),
        _ => Failure::failed(error),
    })
}

fn summary(request: &NodeRequest, issued: &Issued, args: &IssueArgs) -> String {
    let out = args.out.display();
    let cut_short = match issued.cut_short {
        true => ", when the CA itself ends",
        false => "",
    };
    format!(
        "The certificate of {uri} is issued, valid until {end}{cut_short}.\n\
         {out}/{NODE_CERTIFICATE}  certificate\n\
         {out}/{NODE_KEY}  private key\n\
         {out}/{CA_CERTIFICATE}  truststore",
        uri = request.uri,
        end = date(issued.leaf.not_after),
    )
}

fn days() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=36500)
}

fn date(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]");
    time.format(format).unwrap_or_else(|_| time.to_string())
}

#[cfg(test)]
mod tests;
