//! Where the figures come from: the machine, and the programs' own words about their versions.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;

use super::config::{haproxy, nginx, stunnel};
use super::contender::Kind;
use super::namespace;
use super::procfs;

/// The machine of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// As the processor calls itself.
    pub(crate) cpu: String,
    /// Cores that this process may use.
    pub(crate) cores: usize,
    /// In GiB.
    pub(crate) memory_gib: u64,
    /// Release of the kernel.
    pub(crate) kernel: String,
    /// How TCP finds its speed.
    pub(crate) congestion_control: String,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cpu,
            cores,
            memory_gib,
            kernel,
            ..
        } = self;
        write!(f, "{cpu}, {cores} cores, {memory_gib} GiB, Linux {kernel}")
    }
}

impl Machine {
    /// This one.
    pub(crate) fn this() -> Result<Self> {
        let cpuinfo = procfs::read("/proc/cpuinfo").context("reading /proc/cpuinfo")?;
        let meminfo = procfs::read("/proc/meminfo").context("reading /proc/meminfo")?;
        let kib: u64 = value(&meminfo, "MemTotal")
            .and_then(|total| total.split(' ').next()?.parse().ok())
            .context("/proc/meminfo has no MemTotal")?;
        Ok(Self {
            cpu: value(&cpuinfo, "model name")
                .unwrap_or("unknown")
                .to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: (kib + 512 * 1024) / (1024 * 1024),
            kernel: rustix::system::uname()
                .release()
                .to_string_lossy()
                .into_owned(),
            congestion_control: namespace::congestion_control()?,
        })
    }
}

/// Allows this process, and so the proxies, as many open files as the system permits.
///
/// Fails if that is less than `needed`.
pub(crate) fn raise_open_files(needed: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).context("raising the limit of open files")?;
    if let Some(allowed) = limit.maximum.filter(|&allowed| allowed < needed) {
        bail!("{allowed} open files are allowed, {needed} are needed: raise it with `ulimit -n`");
    }
    Ok(())
}

/// Fails with what to install if the programs of a contender are not there.
pub(crate) fn check_installed(kind: &Kind) -> Result<()> {
    let (files, packages): (&[&str], _) = match kind {
        Kind::Direct => return Ok(()),
        Kind::Ringlock(binary) => {
            let path = binary.display();
            ensure!(
                binary.is_file(),
                "{path} is not there: build it with `cargo build --release`"
            );
            return Ok(());
        }
        Kind::Haproxy => (&[haproxy::PROGRAM], "haproxy"),
        Kind::Nginx => (
            &[nginx::PROGRAM, nginx::MODULE],
            "nginx libnginx-mod-stream",
        ),
        Kind::Stunnel => (&[stunnel::PROGRAM], "stunnel4"),
    };
    for file in files {
        ensure!(
            Path::new(file).is_file(),
            "{file} is not there: install it with `apt install {packages}`, or leave it out with --only"
        );
    }
    Ok(())
}

/// Name and version, and the TLS library's where it is another's.
pub(crate) fn version(kind: &Kind) -> Result<String> {
    match kind {
        Kind::Direct => Ok("no proxies".to_owned()),
        Kind::Ringlock(binary) => {
            let text = said(Command::new(binary).arg("--version"))?;
            Ok(text.lines().next().unwrap_or("unknown").to_owned())
        }
        Kind::Haproxy => {
            let text = said(Command::new(haproxy::PROGRAM).arg("-vv"))?;
            Ok(with_openssl("HAProxy", "HAProxy version ", &text))
        }
        Kind::Nginx => {
            let text = said(Command::new(nginx::PROGRAM).arg("-V"))?;
            Ok(with_openssl("nginx", "nginx/", &text))
        }
        Kind::Stunnel => {
            let text = said(Command::new(stunnel::PROGRAM).arg("-version"))?;
            Ok(with_openssl("stunnel", "stunnel ", &text))
        }
    }
}

/// Both outputs of a program: some tell their version on the one, some on the other.
fn said(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_owned();
    let output = command
        .output()
        .with_context(|| format!("starting {}", program.display()))?;
    let text = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// `name VERSION, OpenSSL VERSION`, from what the program says of itself.
///
/// All three say first which OpenSSL they were built with, then which one they found, if it is
/// another: the last one counts.
fn with_openssl(name: &str, before_version: &str, text: &str) -> String {
    let numbers = |before| {
        let rests = text.split(before).skip(1);
        rests
            .filter_map(|rest| rest.split_ascii_whitespace().next())
            .filter(|word| word.starts_with(|first: char| first.is_ascii_digit()))
    };
    let version = numbers(before_version).next().unwrap_or("unknown");
    let openssl = numbers("OpenSSL ").last().unwrap_or("unknown");
    format!("{name} {version}, OpenSSL {openssl}")
}

/// The value of a line `key : value`.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_versions_of_openssl_the_one_in_use_is_named() {
        let nginx = "nginx version: nginx/1.22.1\nbuilt with OpenSSL 3.0.22 25 Aug 2026 \
                     (running with OpenSSL 3.0.19 27 Jan 2026)\nTLS SNI support enabled\n";
        let named = with_openssl("nginx", "nginx/", nginx);
        assert_eq!(named, "nginx 1.22.1, OpenSSL 3.0.19");
        let haproxy = "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n\
                       Built with OpenSSL version : OpenSSL 3.0.22 25 Aug 2026\n\
                       Running on OpenSSL version : OpenSSL 3.0.19 27 Jan 2026\n\
                       OpenSSL library supports SNI : yes\n";
        let named = with_openssl("HAProxy", "HAProxy version ", haproxy);
        assert_eq!(named, "HAProxy 2.6.12-1+deb12u4, OpenSSL 3.0.19");
    }

    #[test]
    fn a_value_is_found_by_its_whole_key() {
        let text = "MemTotalNot: 1\nmodel name\t: AMD EPYC\nMemTotal:   24683520 kB\n";
        assert_eq!(value(text, "MemTotal"), Some("24683520 kB"));
        assert_eq!(value(text, "model name"), Some("AMD EPYC"));
        assert_eq!(value(text, "name"), None);
    }
}
