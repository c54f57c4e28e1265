use std::{
    env,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use ringlock_secret::kmip::Host;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::{here, site::Site, skip};

/// PyKMIP's server, until it is dropped; then it is killed with all that it started.
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts it with the certificates of a site and these suites (empty: all it has), and waits until
    /// it has its objects. None, with the reason printed, where PyKMIP is not in the cache.
    pub(crate) fn start(site: &Site, suites: &str) -> Option<Self> {
        let packages = cache().join("pykmip-0.11.0");
        if !packages.is_dir() {
            let folder = packages.display();
            skip(&format!(
                "there is no PyKMIP in {folder}; `./x test` puts it there"
            ));
            return None;
        }
        // Between this and the server's own bind somebody else could take the port; the server
        // says so, and the test fails loudly.
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .unwrap()
            .port();
        let mut child = Command::new("python3")
            .arg(here().join("server.py"))
            .arg(port.to_string())
            .arg(site.folder())
            .arg(suites)
            .env("PYTHONPATH", packages)
            .env("PYTHONWARNINGS", "ignore")
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let printed = child.stdout.take().unwrap();
        let server = Self { child, port };
        let mut line = String::new();
        BufReader::new(printed).read_line(&mut line).unwrap();
        assert_eq!(line, "ready 1\n", "the server did not start");
        Some(server)
    }

    /// Where it listens.
    pub(crate) fn host(&self) -> Host {
        Host {
            name: "127.0.0.1".to_owned(),
            port: self.port,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = Pid::from_child(&self.child);
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Where `./x` keeps what it fetches.
fn cache() -> PathBuf {
    let from = |variable: &str| env::var_os(variable).map(PathBuf::from);
    from("RINGLOCK_CACHE")
        .or_else(|| from("XDG_CACHE_HOME").map(|folder| folder.join("ringlock")))
        .or_else(|| from("HOME").map(|home| home.join(".cache/ringlock")))
        .unwrap_or_else(|| PathBuf::from("/var/cache/ringlock"))
}
