//! Certificates as an operator gets them: from `ringlock ca`, and turned by OpenSSL and keytool
//! into the stores that databases read themselves.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    agent,
    cassandra::NativeTls,
    command::{self, CommandError},
};

/// The password of every store made here. Stores of a test protect nothing.
const PASSWORD: &str = "changeit";
/// Where the programs read it from, so that it is in no argument.
const PASSWORD_VARIABLE: &str = "STORE_PASSWORD";

/// A CA in a directory of its own, made and used by `ringlock ca`.
#[derive(Clone, Debug)]
pub struct Authority {
    dir: PathBuf,
}

/// Whom a certificate is for.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The node's name.
    pub node: String,
    /// Its datacenter.
    pub datacenter: String,
    /// Its rack.
    pub rack: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Its host names.
    pub names: Vec<String>,
}

/// What `ringlock ca issue` wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The certificate with its chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The CA's certificate.
    pub ca: PathBuf,
}

impl Authority {
    /// `ringlock ca init` for a cluster of that name.
    pub fn init(dir: &Path, cluster: &str) -> Result<Self, CommandError> {
        let dir_text = dir.display().to_string();
        command::run(agent::ringlock().args(["ca", "init"]).args([
            "--dir",
            &dir_text,
            "--cluster",
            cluster,
        ]))?;
        Ok(Self {
            dir: dir.to_owned(),
        })
    }

    /// `ringlock ca issue` into `out`; `days` absent means its default.
    pub fn issue(
        &self,
        subject: &Subject,
        out: &Path,
        days: Option<u32>,
    ) -> Result<Issued, CommandError> {
        let mut command = agent::ringlock();
        command.args(["ca", "issue", "--dir"]).arg(&self.dir);
        command
            .args(["--node", &subject.node])
            .args(["--dc", &subject.datacenter])
            .args(["--rack", &subject.rack]);
        for address in &subject.addresses {
            command.args(["--ip", &address.to_string()]);
        }
        for name in &subject.names {
            command.args(["--dns", name]);
        }
        if let Some(days) = days {
            command.args(["--days", &days.to_string()]);
        }
        command::run(command.arg("--out").arg(out))?;
        Ok(Issued::in_dir(out))
    }
}

impl Issued {
    /// The files under their usual names.
    pub fn in_dir(dir: &Path) -> Self {
        Self {
            certificate: dir.join("node.crt"),
            key: dir.join("node.key"),
            ca: dir.join("ca.crt"),
        }
    }

    /// PKCS12 stores for a node that does TLS itself, beside the PEM files.
    pub fn native_tls(
        &self,
        internode_encryption: &str,
        optional: bool,
    ) -> Result<NativeTls, CommandError> {
        let keystore = self.certificate.with_extension("p12");
        let truststore = self.ca.with_extension("p12");
        command::run(
            Command::new("openssl")
                .args(["pkcs12", "-export", "-name", "node"])
                .arg("-in")
                .arg(&self.certificate)
                .arg("-inkey")
                .arg(&self.key)
                .arg("-out")
                .arg(&keystore)
                .args(["-passout", &format!("env:{PASSWORD_VARIABLE}")])
                .env(PASSWORD_VARIABLE, PASSWORD),
        )?;
        // OpenSSL's stores lack the attribute by which Java knows a certificate as trusted.
        command::run(
            Command::new("keytool")
                .args(["-importcert", "-noprompt", "-alias", "ca"])
                .args(["-storetype", "PKCS12", "-storepass:env", PASSWORD_VARIABLE])
                .arg("-file")
                .arg(&self.ca)
                .arg("-keystore")
                .arg(&truststore)
                .env(PASSWORD_VARIABLE, PASSWORD),
        )?;
        Ok(NativeTls {
            internode_encryption: internode_encryption.to_owned(),
            optional,
            keystore,
            truststore,
            password: PASSWORD.to_owned(),
        })
    }
}
