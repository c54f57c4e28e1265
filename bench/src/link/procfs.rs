//! What the kernel says about processes: CPU time, memory, parents; and about the machine.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};

/// Reads a file below `/proc`.
#[expect(
    clippy::disallowed_methods,
    reason = "files of /proc have no size to check beforehand, and the kernel writes them"
)]
pub(crate) fn read(path: &str) -> io::Result<String> {
    std::fs::read_to_string(path)
}

/// `root` and every process below it.
pub(crate) fn tree(root: u32) -> Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").context("reading /proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process that ended meanwhile is nobody's child.
        if let Some(parent) = stat(pid).ok().and_then(|stat| stat.parent()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        found.extend(children.remove(pid).unwrap_or_default());
        next += 1;
    }
    Ok(found)
}

/// User and system time of a process: all its threads, also those that ended.
///
/// The kernel tells it in ticks of 10 ms.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let stat = stat(pid).with_context(|| format!("reading the CPU time of process {pid}"))?;
    let ticks = stat
        .cpu_ticks()
        .ok_or_else(|| anyhow!("/proc/{pid}/stat is not as proc(5) describes it"))?;
    let second = rustix::param::clock_ticks_per_second();
    Ok(Duration::from_secs(ticks) / u32::try_from(second)?)
}

/// Proportional set size of a process in KiB.
pub(crate) fn proportional_set_size(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let rollup = read(&path).with_context(|| format!("reading {path}"))?;
    parse_pss(&rollup).ok_or_else(|| anyhow!("{path} has no line Pss"))
}

/// The largest resident set that a process has had so far, in KiB.
pub(crate) fn peak_resident(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = read(&path).with_context(|| format!("reading {path}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok())
        .ok_or_else(|| anyhow!("{path} has no line VmHWM"))
}

fn stat(pid: u32) -> io::Result<Stat> {
    read(&format!("/proc/{pid}/stat")).map(Stat)
}

/// One line of `/proc/PID/stat`.
struct Stat(String);

impl Stat {
    /// Field `number` as proc(5) counts them, 3 or above.
    fn field(&self, number: usize) -> Option<&str> {
        // The name, field 2, may itself hold blanks and parentheses.
        let (_, after_name) = self.0.rsplit_once(") ")?;
        after_name.split_ascii_whitespace().nth(number - 3)
    }

    fn parent(&self) -> Option<u32> {
        self.field(4)?.parse().ok()
    }

    fn cpu_ticks(&self) -> Option<u64> {
        let user: u64 = self.field(14)?.parse().ok()?;
        let system: u64 = self.field(15)?.parse().ok()?;
        Some(user + system)
    }
}

fn parse_pss(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_blanks_and_parentheses_does_not_shift_the_fields() {
        let line = "42 (tmux: (server) x) S 7 42 42 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 1 0 9";
        let stat = Stat(line.to_owned());
        assert_eq!(stat.parent(), Some(7));
        assert_eq!(stat.cpu_ticks(), Some(300));
    }

    #[test]
    fn the_proportional_set_size_is_not_mistaken_for_its_parts() {
        let rollup = "Rss: 9 kB\nPss:                 812 kB\nPss_Dirty:   44 kB\n";
        assert_eq!(parse_pss(rollup), Some(812));
    }

    #[test]
    fn this_process_has_used_memory_and_is_in_its_own_tree() {
        let pid = std::process::id();
        assert!(proportional_set_size(pid).unwrap() > 0);
        assert!(tree(pid).unwrap().contains(&pid));
        cpu(pid).unwrap();
    }
}
