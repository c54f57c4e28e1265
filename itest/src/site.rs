use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use fs_err as fs;
use ringlock_model::{Direction, Mode};
use ringlock_testkit::{
    agent::{AgentConfig, Interception},
    command,
    pki::{Authority, Issued, Subject},
};
use tempfile::TempDir;

use crate::{OrFail, Watched, agent::listener, ports::free_address};

/// The cluster that agents and certificates belong to unless a test says otherwise.
pub const CLUSTER: &str = "Test Cluster";

/// What a node's certificate is for.
const BOTH_ROLES: Option<&str> = Some("serverAuth,clientAuth");

/// A directory with a CA, and everything else that a test writes.
#[derive(Debug)]
pub struct Site {
    dir: Arc<TempDir>,
    authority: Authority,
}

impl Site {
    /// A new one, with a CA for [`CLUSTER`].
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("ringlock-").tempdir();
        let dir = dir.or_fail("making a directory");
        let authority = Authority::init(&dir.path().join("ca"), CLUSTER);
        Self {
            authority: authority.or_fail("making a CA"),
            dir: Arc::new(dir),
        }
    }

    /// A path in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A certificate of the site's CA for a node at these addresses, in a directory of its name.
    pub fn issue(&self, node: &str, addresses: &[&str]) -> Issued {
        issue(&self.authority, node, addresses, &self.path(node))
    }

    /// The same for a node in this datacenter and rack.
    pub fn issue_in(
        &self,
        node: &str,
        [datacenter, rack]: [&str; 2],
        addresses: &[&str],
    ) -> Issued {
        let out = self.path(node);
        issue_in(&self.authority, node, [datacenter, rack], addresses, &out)
    }

    /// A list with which the site's CA takes certificates back.
    pub fn revoke(&self, certificates: &[&Path], out: &Path) {
        self.revoke_with(certificates, out, &[]);
    }

    /// The same with options of `openssl ca -gencrl`.
    pub fn revoke_with(&self, certificates: &[&Path], out: &Path, options: &[&str]) {
        let revoked = self.authority.revoke(certificates, out, options);
        revoked.or_fail("taking certificates back");
    }

    /// The same by the CA of a node that was [issued elsewhere](Self::issue_elsewhere).
    pub fn revoke_elsewhere(&self, node: &str, certificates: &[&Path], out: &Path) {
        let authority = Authority::open(&self.path(&format!("ca-of-{node}")));
        let revoked = authority.revoke(certificates, out, &[]);
        revoked.or_fail("taking certificates back");
    }

    /// A certificate of another CA, made for that cluster, for a node on loopback.
    pub fn issue_elsewhere(&self, node: &str, cluster: &str) -> Issued {
        let authority = Authority::init(&self.path(&format!("ca-of-{node}")), cluster);
        let authority = authority.or_fail("making another CA");
        issue(&authority, node, &["127.0.0.1"], &self.path(node))
    }

    /// A certificate of the site's CA for a node on loopback that expired long ago.
    pub fn issue_expired(&self, node: &str) -> Issued {
        self.issue_dated(node, ["20240101000000Z", "20250101000000Z"], BOTH_ROLES)
    }

    /// A certificate of the site's CA for a node on loopback whose time has not come.
    pub fn issue_not_yet_valid(&self, node: &str) -> Issued {
        self.issue_dated(node, ["20480101000000Z", "20490101000000Z"], BOTH_ROLES)
    }

    /// A certificate of the site's CA for a node on loopback with these extended key usages, or
    /// without that extension where none is given.
    pub fn issue_for_usages(&self, node: &str, usages: Option<&str>) -> Issued {
        let [start, end] = [date("1 minute ago"), date("1 day")];
        self.issue_dated(node, [&start, &end], usages)
    }

    /// A certificate of the site's CA for a node on loopback that ends so soon from now.
    pub fn issue_for(&self, node: &str, life: Duration) -> Issued {
        // The clock of this machine may be set back a little meanwhile.
        let start = date("1 minute ago");
        let end = date(&format!("{} seconds", life.as_secs()));
        self.issue_dated(node, [&start, &end], BOTH_ROLES)
    }

    fn issue_dated(&self, node: &str, [start, end]: [&str; 2], usages: Option<&str>) -> Issued {
        let dir = self.path(node);
        fs::create_dir_all(&dir).or_fail("making a directory");
        let settings = dir.join("openssl.cnf");
        fs::write(&settings, openssl_settings(&dir)).or_fail("writing OpenSSL's settings");
        fs::write(dir.join("index"), "").or_fail("writing OpenSSL's index");
        let issued = Issued::in_dir(&dir);
        let request = dir.join("node.csr");
        let uri = format!("URI:ringlock://Test%20Cluster/dc1/r1/{node}");
        let mut asked = openssl(&["req", "-new", "-newkey", "ec", "-nodes"]);
        if let Some(usages) = usages {
            asked.args(["-addext", &format!("extendedKeyUsage={usages}")]);
        }
        run(asked
            .args(["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=node"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-addext")
            .arg(format!("subjectAltName=IP:127.0.0.1,{uri}"))
            .arg("-keyout")
            .arg(&issued.key)
            .arg("-out")
            .arg(&request));
        run(openssl(&["ca", "-batch", "-notext"])
            .args(["-startdate", start, "-enddate", end])
            .arg("-config")
            .arg(&settings)
            .arg("-cert")
            .arg(self.path("ca/ca.crt"))
            .arg("-keyfile")
            .arg(self.path("ca/ca.key"))
            .arg("-in")
            .arg(&request)
            .arg("-out")
            .arg(&issued.certificate));
        fs::copy(self.path("ca/ca.crt"), &issued.ca).or_fail("copying the CA's certificate");
        issued
    }

    /// A certificate of the site's CA with an RSA key, for a node at this address.
    pub fn issue_rsa(&self, node: &str, address: IpAddr) -> Issued {
        let subject = subject(node, ["dc1", "r1"], vec![address]);
        let options = ["--key", "rsa:2048"];
        let issued = (self.authority).issue_with(&subject, &self.path(node), &options);
        issued.or_fail("issuing a certificate")
    }

    /// A certificate of the site's CA with an RSA key and these alternative names, in OpenSSL's
    /// words.
    pub fn issue_foreign(&self, node: &str, names: &str) -> Issued {
        let dir = self.path(node);
        fs::create_dir_all(&dir).or_fail("making a directory");
        let issued = Issued::in_dir(&dir);
        run(openssl(&["req", "-x509", "-newkey", "rsa:2048", "-nodes"])
            .args(["-days", "30", "-subj", "/CN=node"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-addext", "extendedKeyUsage=serverAuth,clientAuth"])
            .args(["-addext", &format!("subjectAltName={names}")])
            .arg("-CA")
            .arg(self.path("ca/ca.crt"))
            .arg("-CAkey")
            .arg(self.path("ca/ca.key"))
            .arg("-keyout")
            .arg(&issued.key)
            .arg("-out")
            .arg(&issued.certificate));
        fs::copy(self.path("ca/ca.crt"), &issued.ca).or_fail("copying the CA's certificate");
        issued
    }

    /// A certificate of the site's CA for a node on loopback whose subject is `CN=` the node's name, for
    /// these extended key usages, with these names beside its address (`URI:spiffe://…`).
    pub fn issue_as(&self, node: &str, usages: &str, names: &[&str]) -> Issued {
        let dir = self.path(node);
        fs::create_dir_all(&dir).or_fail("making a directory");
        let issued = Issued::in_dir(&dir);
        let names = [&["IP:127.0.0.1"], names].concat().join(",");
        run(openssl(&["req", "-x509", "-newkey", "ec", "-nodes"])
            .args(["-pkeyopt", "ec_paramgen_curve:P-256", "-days", "30"])
            .args(["-subj", &format!("/CN={node}")])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-addext", &format!("extendedKeyUsage={usages}")])
            .args(["-addext", &format!("subjectAltName={names}")])
            .arg("-CA")
            .arg(self.path("ca/ca.crt"))
            .arg("-CAkey")
            .arg(self.path("ca/ca.key"))
            .arg("-keyout")
            .arg(&issued.key)
            .arg("-out")
            .arg(&issued.certificate));
        fs::copy(self.path("ca/ca.crt"), &issued.ca).or_fail("copying the CA's certificate");
        issued
    }

    /// The configuration of an agent with one listener on loopback.
    pub fn config(
        &self,
        name: &str,
        direction: Direction,
        target: SocketAddr,
        identity: &Issued,
    ) -> (AgentConfig, SocketAddr) {
        let address = free_address();
        let listeners = vec![listener(direction, address, target)];
        let dir = self.path(&format!("agent-{name}"));
        let interception = Interception::Listen(listeners);
        let config = AgentConfig::new(CLUSTER, interception, Mode::REQUIRE, identity, &dir);
        (config, address)
    }

    /// Starts an agent with that configuration.
    pub fn start(&self, name: &str, config: &AgentConfig) -> Watched {
        let dir = self.path(&format!("agent-{name}"));
        Watched::start(name, config, &dir, None).keeping(&self.dir)
    }

    /// Starts an agent that requires TLS, with one listener on loopback and a certificate for it.
    pub fn agent(
        &self,
        name: &str,
        direction: Direction,
        target: SocketAddr,
    ) -> (Watched, SocketAddr) {
        let identity = self.issue(name, &["127.0.0.1"]);
        let (config, address) = self.config(name, direction, target, &identity);
        (self.start(name, &config), address)
    }
}

/// Such a moment in the words of `openssl ca`.
fn date(moment: &str) -> String {
    let mut date = Command::new("date");
    let printed = command::run(date.args(["-u", "+%Y%m%d%H%M%SZ", "-d", moment]));
    printed.or_fail("writing a date").trim().to_owned()
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

fn issue(authority: &Authority, node: &str, addresses: &[&str], out: &Path) -> Issued {
    issue_in(authority, node, ["dc1", "r1"], addresses, out)
}

fn issue_in(
    authority: &Authority,
    node: &str,
    [datacenter, rack]: [&str; 2],
    addresses: &[&str],
    out: &Path,
) -> Issued {
    let addresses = addresses.iter().map(|address| address.parse());
    let addresses = addresses.collect::<Result<_, _>>();
    let addresses = addresses.or_fail("reading an address");
    authority
        .issue(&subject(node, [datacenter, rack], addresses), out, None)
        .or_fail("issuing a certificate")
}

fn subject(node: &str, [datacenter, rack]: [&str; 2], addresses: Vec<IpAddr>) -> Subject {
    Subject {
        node: node.to_owned(),
        datacenter: datacenter.to_owned(),
        rack: rack.to_owned(),
        addresses,
        names: Vec::new(),
    }
}

/// `openssl ca` is the command that takes the dates of a certificate as they are given.
fn openssl_settings(dir: &Path) -> String {
    format!(
        "[ca]\ndefault_ca = site\n\
         [site]\ndatabase = {dir}/index\nnew_certs_dir = {dir}\nrand_serial = yes\n\
         default_md = sha256\npolicy = any\ncopy_extensions = copy\n\
         [any]\ncommonName = supplied\n",
        dir = dir.display()
    )
}

fn openssl(arguments: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.args(arguments);
    command
}

fn run(command: &mut Command) {
    command::run(command).or_fail("running OpenSSL");
}
