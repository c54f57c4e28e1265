use std::{io, os::unix::process::CommandExt as _, path::Path, process::Command};

use fs_err as fs;
use rustix::mount::{MountFlags, mount};

use crate::command::{self, CommandError};

/// Set inside the user namespace: the process id of `unshare`, seen from outside.
const OUTER_PID: &str = "RINGLOCK_LAB_OUTER_PID";
/// Capabilities that a lab needs, with their bits in `CapEff` (capabilities(7)).
const NEEDED: [(&str, u32); 3] = [
    ("CAP_NET_ADMIN", 12),
    ("CAP_NET_RAW", 13),
    ("CAP_SYS_ADMIN", 21),
];
/// Switches by which systems forbid user namespaces: the value that does, and one that allows.
const SWITCHES: [(&str, u64, &str); 3] = [
    ("user.max_user_namespaces", 0, "15000"),
    ("kernel.unprivileged_userns_clone", 0, "1"),
    ("kernel.apparmor_restrict_unprivileged_userns", 1, "0"),
];
/// Why no network namespaces can be made.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegeError {
    /// A switch of the kernel forbids user namespaces.
    #[error(
        "network namespaces need root, or user namespaces for ordinary users, which \
         {name} = {found} forbids here; as root, run: sysctl -w {name}={wanted}"
    )]
    Switch {
        /// The sysctl.
        name: &'static str,
        /// Its value.
        found: u64,
        /// A value that would do.
        wanted: &'static str,
    },
    /// Something else forbids them: a container's profile, a missing kernel option.
    #[error(
        "network namespaces need {missing}, and this process may not get them through a user \
         namespace either: {source}; run as root, in a container with --privileged"
    )]
    Refused {
        /// The capabilities that are missing.
        missing: String,
        /// What `unshare` said.
        source: CommandError,
    },
    /// The program could not start itself again.
    #[error("cannot start this program again in a user namespace: {0}")]
    Exec(#[source] io::Error),
    /// The names of network namespaces have no place.
    #[error("cannot mount a private /run in the user namespace: {0}")]
    Mount(#[source] io::Error),
}

/// Makes sure that labs can be built: returns at once where the capabilities are there, and
/// otherwise starts the program again, with the same arguments, in a user namespace of its own.
/// Call it first thing in `main`, before any thread is started.
///
/// The user stays who he is there, with capabilities: as root without any other user tcpdump
/// would refuse to work, since it could not drop its privileges.
pub fn enter_user_namespace_if_needed() -> Result<(), PrivilegeError> {
    let missing = missing_capabilities();
    if missing.is_empty() {
        return prepare_user_namespace();
    }
    for (name, forbidding, wanted) in SWITCHES {
        if sysctl(name) == Some(forbidding) {
            return Err(PrivilegeError::Switch {
                name,
                found: forbidding,
                wanted,
            });
        }
    }
    command::run(unshare().arg("true")).map_err(|source| PrivilegeError::Refused {
        missing: missing.join(", "),
        source,
    })?;
    Err(PrivilegeError::Exec(start_again()))
}

/// The process id by which others join the user namespace that this program has entered; nothing
/// where it has entered none. See [`run_in_user_namespace`](super::run_in_user_namespace).
pub fn user_namespace() -> Option<u32> {
    std::env::var(OUTER_PID).ok()?.parse().ok()
}

/// In the namespace that [`start_again`] made: a private /run, for `ip netns` to keep names in.
fn prepare_user_namespace() -> Result<(), PrivilegeError> {
    let users = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let one_user = users.split_whitespace().nth(2) == Some("1");
    if std::env::var_os(OUTER_PID).is_none() || !one_user {
        return Ok(());
    }
    mount("tmpfs", "/run", "tmpfs", MountFlags::empty(), None)
        .map_err(|error| PrivilegeError::Mount(error.into()))
}

fn start_again() -> io::Error {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return error,
    };
    unshare()
        .arg(program)
        .args(std::env::args_os().skip(1))
        .env(OUTER_PID, std::process::id().to_string())
        .exec()
}

fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-current-user", "--keep-caps", "--mount"]);
    command.args(["--net", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    command
}

fn missing_capabilities() -> Vec<&'static str> {
    let effective = fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| effective_capabilities(&status))
        .unwrap_or_default();
    NEEDED
        .into_iter()
        .filter(|(_, bit)| effective & (1 << bit) == 0)
        .map(|(name, _)| name)
        .collect()
}

fn effective_capabilities(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

fn sysctl(name: &str) -> Option<u64> {
    let path = Path::new("/proc/sys").join(name.replace('.', "/"));
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_from_the_process_status() {
        let status = "Name:\tsh\nCapPrm:\t0000000000000000\nCapEff:\t0000000000203000\n";
        assert_eq!(effective_capabilities(status), Some(0x20_3000));
        assert_eq!(effective_capabilities("Name:\tsh\n"), None);
    }

    #[test]
    fn a_forbidding_switch_is_named_with_the_value_that_allows() {
        let error = PrivilegeError::Switch {
            name: "user.max_user_namespaces",
            found: 0,
            wanted: "15000",
        };
        assert!(
            error
                .to_string()
                .ends_with("as root, run: sysctl -w user.max_user_namespaces=15000")
        );
    }
}
