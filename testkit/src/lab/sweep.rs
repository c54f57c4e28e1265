use std::path::Path;

use fs_err as fs;

use super::{lock::RunLock, namespace_names, remove_network};

/// Removes the processes, namespaces and directories of labs whose process is gone. Best effort:
/// what cannot be removed, such as another user's, harms nobody, as names never repeat.
pub(super) fn remove_leftovers() {
    for id in namespace_names().iter().filter_map(|name| lab_of(name)) {
        if !process_lives(id) && RunLock::network_is_abandoned(id) {
            remove_network(id);
        }
    }
    for entry in fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten()
        .flatten()
    {
        let ours = entry
            .file_name()
            .to_str()
            .is_some_and(|name| lab_of(name).is_some());
        if ours && RunLock::directory_is_abandoned(&entry.path()) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// The lab's id in `ringlock-<id>-<role>`; nothing for names of other makers.
fn lab_of(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("ringlock-")?;
    let id = rest.split('-').next()?;
    process_of(id).map(|_| id)
}

fn process_lives(id: &str) -> bool {
    process_of(id).is_some_and(|pid| Path::new("/proc").join(pid).exists())
}

fn process_of(id: &str) -> Option<&str> {
    let pid = id.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let numeric = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
    (numeric && pid.len() < id.len()).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_labs_are_swept() {
        assert_eq!(lab_of("ringlock-4711a-n1"), Some("4711a"));
        assert_eq!(lab_of("ringlock-4711ab-x0Yz"), Some("4711ab"));
        assert_eq!(lab_of("ringlock-4711-n1"), None);
        assert_eq!(lab_of("ringlock-agent"), None);
        assert_eq!(lab_of("ringlock-a1b-net"), None);
        assert_eq!(lab_of("blue"), None);
    }
}
