//! Certificates for the proxies, from `ringlock ca`: the same for every contender.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// More than any file of certificates here: bytes.
const LARGEST: u64 = 1024 * 1024;
/// The cluster in every certificate's URI.
pub(crate) const CLUSTER: &str = "bench";
/// The DNS name in the certificate of the proxy in front.
const FRONT_NAME: &str = "front.ringlock.test";
/// The DNS name in the certificate of the proxy behind.
pub(crate) const BACK_NAME: &str = "back.ringlock.test";

/// A folder with a node's certificate, its key, and the authorities it trusts.
#[derive(Debug)]
pub(crate) struct Identity(PathBuf);

/// Two nodes of one cluster, and one of another cluster with the names of both.
#[derive(Debug)]
pub(crate) struct Identities {
    /// Of the proxy that dials.
    pub(crate) front: Identity,
    /// Of the proxy that accepts.
    pub(crate) back: Identity,
    /// Signed by an authority that neither of the two trusts, although it trusts theirs.
    pub(crate) foreign: Identity,
    /// The folder of the authority that both trust.
    pub(crate) authority: PathBuf,
}

impl Identity {
    /// Certificate and chain, PEM.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.0.join("node.crt")
    }

    /// Private key, PEM.
    pub(crate) fn key(&self) -> PathBuf {
        self.0.join("node.key")
    }

    /// Trusted authorities, PEM.
    pub(crate) fn authorities(&self) -> PathBuf {
        self.0.join("ca.crt")
    }

    /// Certificate, chain and key in one file, as HAProxy wants them.
    pub(crate) fn combined(&self) -> PathBuf {
        self.0.join("node.pem")
    }
}

impl Identities {
    /// Makes two authorities and their certificates below `dir` with the program `ringlock`.
    pub(crate) fn issue(ringlock: &Path, dir: &Path) -> Result<Self> {
        let issuer = Issuer { ringlock, dir };
        let (ours, other) = (issuer.authority("ca")?, issuer.authority("other-ca")?);
        let front = issuer.node(&ours, "front", &[FRONT_NAME])?;
        let back = issuer.node(&ours, "back", &[BACK_NAME])?;
        let foreign = issuer.node(&other, "foreign", &[FRONT_NAME, BACK_NAME])?;
        let trusted = [read(&foreign.authorities())?, read(&front.authorities())?].concat();
        ringlock_files::write_atomic(&foreign.authorities(), 0o644, &trusted)?;
        Ok(Self {
            front,
            back,
            foreign,
            authority: ours,
        })
    }
}

struct Issuer<'a> {
    ringlock: &'a Path,
    dir: &'a Path,
}

impl Issuer<'_> {
    fn authority(&self, name: &str) -> Result<PathBuf> {
        let dir = self.dir.join(name);
        let mut init = Command::new(self.ringlock);
        init.args(["ca", "init", "--cluster", CLUSTER, "--dir"]);
        run(init.arg(&dir))?;
        Ok(dir)
    }

    fn node(&self, authority: &Path, name: &str, dns: &[&str]) -> Result<Identity> {
        let out = self.dir.join(name);
        let mut issue = Command::new(self.ringlock);
        issue.args(["ca", "issue", "--node", name, "--dc", "dc1", "--rack", "r1"]);
        issue.args(["--ip", "127.0.0.1"]);
        for dns in dns {
            issue.args(["--dns", dns]);
        }
        issue.arg("--dir").arg(authority).arg("--out").arg(&out);
        run(&mut issue)?;
        let identity = Identity(out);
        let combined = [read(&identity.certificate())?, read(&identity.key())?].concat();
        ringlock_files::write_atomic(&identity.combined(), 0o600, &combined)?;
        Ok(identity)
    }
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_owned();
    let output = command
        .output()
        .with_context(|| format!("starting {}", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} ended with {}: {}", output.status, said.trim());
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    Ok(ringlock_files::read_limited(path, LARGEST)?)
}
