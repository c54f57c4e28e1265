//! Certificates as an operator gets them: from `ringlock ca`, and turned by `ringlock store` or by
//! OpenSSL and keytool into the stores that databases read themselves.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};

use fs_err as fs;

use crate::{
    agent,
    command::{self, CommandError},
};

/// Where the programs read passwords from, so that none is in an argument.
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

/// How a store is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// Java's own, of old.
    Jks,
    /// Java's own, with stronger encryption of keys.
    Jceks,
    /// Java's since version 9, and everybody else's.
    Pkcs12,
    /// Text, with the private key under a password.
    Pem,
}

/// The two stores of a node that does TLS itself.
#[derive(Clone, Debug)]
pub struct Stores {
    /// The node's key and chain.
    pub keystore: PathBuf,
    /// The trusted CAs.
    pub truststore: PathBuf,
}

/// The passwords of two stores.
#[derive(Clone, Copy, Debug)]
pub struct StorePasswords {
    /// Of the keystore and of its key.
    pub keystore: &'static str,
    /// Of the truststore.
    pub truststore: &'static str,
}

impl StoreKind {
    /// How its files end.
    fn extension(self) -> &'static str {
        match self {
            Self::Jks => "jks",
            Self::Jceks => "jceks",
            Self::Pkcs12 => "p12",
            Self::Pem => "pem",
        }
    }
}

impl fmt::Display for StoreKind {
    /// In Java's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jks => "JKS",
            Self::Jceks => "JCEKS",
            Self::Pkcs12 => "PKCS12",
            Self::Pem => "PEM",
        })
    }
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

    /// One that was made before.
    pub fn open(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// `ringlock ca issue` into `out`; `days` absent means its default.
    pub fn issue(
        &self,
        subject: &Subject,
        out: &Path,
        days: Option<u32>,
    ) -> Result<Issued, CommandError> {
        let days = days.map(|days| days.to_string());
        let options: Vec<_> = days.iter().flat_map(|days| ["--days", days]).collect();
        self.issue_with(subject, out, &options)
    }

    /// The same with these options.
    pub fn issue_with(
        &self,
        subject: &Subject,
        out: &Path,
        options: &[&str],
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
        command::run(command.args(options).arg("--out").arg(out))?;
        Ok(Issued::in_dir(out))
    }

    /// A list, made by `openssl ca -gencrl` with these options, with which the CA takes certificates
    /// back.
    pub fn revoke(
        &self,
        certificates: &[&Path],
        out: &Path,
        options: &[&str],
    ) -> Result<(), CommandError> {
        const CONFIG: &str = "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\n\
                              default_md = sha256\ndefault_crl_days = 1\ncrlnumber = number\n\
                              crl_extensions = list\n[list]\n\
                              authorityKeyIdentifier = keyid:always\n";
        let folder = out.with_extension("openssl");
        let written = fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join("openssl.cnf"), CONFIG))
            .and_then(|()| fs::write(folder.join("index.txt"), ""))
            .and_then(|()| fs::write(folder.join("number"), "01\n"));
        written.map_err(|source| CommandError::Pipe {
            command: "openssl ca".to_owned(),
            source,
        })?;
        let openssl = || {
            let mut command = Command::new("openssl");
            command
                .current_dir(&folder)
                .args(["ca", "-config", "openssl.cnf"]);
            command.arg("-cert").arg(self.dir.join("ca.crt"));
            command.arg("-keyfile").arg(self.dir.join("ca.key"));
            command
        };
        for certificate in certificates {
            command::run(openssl().arg("-revoke").arg(certificate))?;
        }
        command::run(openssl().args(options).args(["-gencrl", "-out"]).arg(out))?;
        Ok(())
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

    /// Where a node's stores lie: beside the PEM files.
    fn stores(&self, kind: StoreKind) -> Stores {
        Stores {
            keystore: self.certificate.with_extension(kind.extension()),
            truststore: self.ca.with_extension(kind.extension()),
        }
    }

    /// Stores for a node that does TLS itself, made by `ringlock store convert`.
    pub fn convert(
        &self,
        kind: StoreKind,
        passwords: StorePasswords,
    ) -> Result<Stores, CommandError> {
        let stores = self.stores(kind);
        let convert = |files: &[&Path], purpose: &str, out: &Path, password: &str| {
            let mut command = agent::ringlock();
            command.args(["store", "convert"]).args(files);
            command.args(["--to", &kind.to_string().to_lowercase(), "--kind", purpose]);
            command.args(["--out-password-env", PASSWORD_VARIABLE, "--out"]);
            command::run(command.arg(out).env(PASSWORD_VARIABLE, password))
        };
        let identity = [self.certificate.as_path(), self.key.as_path()];
        convert(&identity, "keystore", &stores.keystore, passwords.keystore)?;
        let anchors = [self.ca.as_path()];
        convert(
            &anchors,
            "truststore",
            &stores.truststore,
            passwords.truststore,
        )?;
        Ok(stores)
    }

    /// PKCS12 stores for a node that does TLS itself, made by OpenSSL and keytool.
    pub fn pkcs12(&self, passwords: StorePasswords) -> Result<Stores, CommandError> {
        let stores = self.stores(StoreKind::Pkcs12);
        self.export(&stores.keystore, passwords.keystore)?;
        // OpenSSL's stores lack the attribute by which Java knows a certificate as trusted.
        command::run(
            Command::new("keytool")
                .args(["-importcert", "-noprompt", "-alias", "ca"])
                .args(["-storetype", "PKCS12", "-storepass:env", PASSWORD_VARIABLE])
                .env(PASSWORD_VARIABLE, passwords.truststore)
                .arg("-file")
                .arg(&self.ca)
                .arg("-keystore")
                .arg(&stores.truststore),
        )?;
        Ok(stores)
    }

    /// Key and chain as PKCS12.
    fn export(&self, bundle: &Path, password: &str) -> Result<String, CommandError> {
        command::run(
            Command::new("openssl")
                .args(["pkcs12", "-export", "-name", "node"])
                .args(["-passout", &format!("env:{PASSWORD_VARIABLE}")])
                .env(PASSWORD_VARIABLE, password)
                .arg("-in")
                .arg(&self.certificate)
                .arg("-inkey")
                .arg(&self.key)
                .arg("-out")
                .arg(bundle),
        )
    }
}
