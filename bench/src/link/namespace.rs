//! A network of the run's own, which behaves as Linux does by default.
//!
//! Congestion control is a setting of the network namespace. `bbr` paces even what never leaves
//! the host, by timers that take a quarter of all CPU time of a bulk transfer and that are nobody's
//! merit or fault; so everybody is measured with `cubic`, the kernel's default, unless asked
//! otherwise.

use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// Set in the namespace, so that it is entered once.
const ENTERED: &str = "RINGLOCK_BENCH_NAMESPACE";

const CONGESTION_CONTROL: &str = "/proc/sys/net/ipv4/tcp_congestion_control";

/// What `--congestion-control` says for the one of the machine.
pub(crate) const SYSTEM: &str = "system";

/// Goes on in a network namespace with the congestion control `wanted`, as the same program
/// started again. Returns when it is there.
pub(crate) fn enter(wanted: &str) -> Result<()> {
    if wanted == SYSTEM {
        return Ok(());
    }
    if std::env::var_os(ENTERED).is_none() {
        return Err(start_again()).context("starting again in a network namespace by `unshare`");
    }
    bring_up_loopback()?;
    if let Err(error) = set_congestion_control(wanted) {
        let available = read("/proc/sys/net/ipv4/tcp_available_congestion_control")?;
        bail!("congestion control {wanted} cannot be set ({error}); the kernel has: {available}");
    }
    Ok(())
}

/// What new sockets get.
pub(crate) fn congestion_control() -> Result<String> {
    read(CONGESTION_CONTROL)
}

/// Returns only if it fails.
fn start_again() -> io::Error {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return error,
    };
    let mut command = Command::new("unshare");
    command.arg("--net");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
        .arg(program)
        .args(std::env::args_os().skip(1))
        .env(ENTERED, "1")
        .exec()
}

fn bring_up_loopback() -> Result<()> {
    let done = Command::new("ip")
        .args(["link", "set", "lo", "up"])
        .output()
        .context("running `ip`: it is in the package iproute2")?;
    ensure!(
        done.status.success(),
        "the loopback interface cannot be brought up: {}",
        String::from_utf8_lossy(&done.stderr).trim()
    );
    Ok(())
}

fn set_congestion_control(wanted: &str) -> io::Result<()> {
    std::fs::OpenOptions::new()
        .write(true)
        .open(CONGESTION_CONTROL)?
        .write_all(wanted.as_bytes())
}

fn read(path: &str) -> Result<String> {
    let text = super::procfs::read(path).with_context(|| format!("reading {path}"))?;
    Ok(text.trim().to_owned())
}
