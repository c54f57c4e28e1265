use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{PermissionsExt, symlink},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
    sync::Barrier,
    thread,
};

use super::*;

const LIMIT: u64 = 1024;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn file(folder: &Path, name: &str, mode: u32, content: &str) -> PathBuf {
    let path = folder.join(name);
    write_atomic(&path, mode, content.as_bytes()).unwrap();
    path
}

fn content(path: &Path) -> String {
    String::from_utf8(read_limited(path, LIMIT).unwrap()).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_refused() {
    let folder = folder();
    let path = file(folder.path(), "a", 0o600, &"x".repeat(1024));
    assert_eq!(read_limited(&path, LIMIT).unwrap().len(), 1024);
    let error = read_limited(&path, LIMIT - 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} has more than 1023 bytes, the most that is read from it",
            path.display()
        )
    );
}

#[test]
fn a_file_whose_size_is_not_known_beforehand_is_bounded_as_well() {
    let path = Path::new("/proc/self/maps");
    assert!(!read_limited(path, 1 << 20).unwrap().is_empty());
    assert!(matches!(
        read_limited(path, 10),
        Err(FileError::TooLarge { .. })
    ));
}

#[test]
fn a_missing_file_names_the_first_missing_folder() {
    let folder = folder();
    let path = folder.path().join("node.key");
    let error = read_limited(&path, LIMIT).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{} does not exist", path.display())
    );

    let path = folder.path().join("a/b/node.key");
    let error = read_limited(&path, LIMIT).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} does not exist: there is no folder {}",
            path.display(),
            folder.path().join("a").display()
        )
    );
    assert_eq!(error.path(), path);
    let error = write_atomic(&path, 0o600, b"x").unwrap_err();
    assert!(
        matches!(
            error,
            FileError::Missing {
                folder: Some(_),
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_directory_or_a_fifo_is_refused_without_waiting() {
    let folder = folder();
    let error = read_limited(folder.path(), LIMIT).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} is a directory; expected a file",
            folder.path().display()
        )
    );
    let fifo = folder.path().join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let error = read_private(&fifo, LIMIT).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{} is a FIFO; expected a regular file", fifo.display())
    );
    let error = read_limited(Path::new("/dev/null"), LIMIT).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/dev/null is a device; expected a regular file"
    );
}

#[test]
fn a_private_file_may_be_readable_by_its_group_and_by_nobody_else() {
    let folder = folder();
    for accepted in [0o400, 0o600, 0o440, 0o640, 0o700] {
        let path = file(folder.path(), "key", accepted, "secret");
        assert_eq!(read_private(&path, LIMIT).unwrap().as_slice(), b"secret");
    }
    for (refused, who) in [
        (0o644, "every user read it"),
        (0o666, "every user read and change it"),
        (0o602, "every user change it"),
        (0o660, "its group change it"),
        (0o601, "others than its owner execute it"),
        (0o710, "others than its owner execute it"),
    ] {
        let path = file(folder.path(), "key", refused, "secret");
        let error = read_private(&path, LIMIT).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "{path} holds a private key, but its mode {refused:04o} lets {who}; \
                 `chmod 600 {path}` closes it (0400 and 0640 are accepted as well)",
                path = path.display()
            )
        );
    }
}

#[test]
fn the_mode_of_a_private_file_is_that_of_the_target_of_a_link() {
    let folder = folder();
    let target = file(folder.path(), "target", 0o644, "secret");
    let link = folder.path().join("link");
    symlink(&target, &link).unwrap();
    assert!(matches!(
        read_private(&link, LIMIT),
        Err(FileError::Exposed { .. })
    ));
    fs::set_permissions(&target, Permissions::from_mode(0o600)).unwrap();
    assert!(read_private(&link, LIMIT).is_ok());
}

/// Root is denied nothing, so the test runs itself again as `nobody` where it has to.
#[test]
fn permission_denied_names_the_user_and_how_to_find_the_refusing_folder() {
    const FILE: &str = "RINGLOCK_TEST_DENIED_FILE";
    const SELF: &str =
        "tests::permission_denied_names_the_user_and_how_to_find_the_refusing_folder";
    if let Some(path) = std::env::var_os(FILE) {
        let path = PathBuf::from(path);
        let error = read_limited(&path, LIMIT).unwrap_err().to_string();
        let end = format!(
            ": permission denied; `namei -l {}` shows which folder or file refuses",
            path.display()
        );
        assert!(error.starts_with(&format!("{} cannot be read by u", path.display())));
        assert!(error.ends_with(&end), "{error}");
        let error = write_atomic(&path, 0o600, b"").unwrap_err().to_string();
        assert!(error.contains(" cannot be written by u"), "{error}");
        return;
    }
    let folder = folder();
    let path = file(folder.path(), "key", 0o000, "secret");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o555)).unwrap();
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", SELF]).env(FILE, &path);
    if rustix::process::geteuid().is_root() {
        again.uid(65534).gid(65534);
    }
    let output = again.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
fn writing_replaces_the_whole_file_and_leaves_nothing_else_behind() {
    let folder = folder();
    let path = file(folder.path(), "a", 0o644, "a longer old content");
    assert_eq!(mode(&path), 0o644);
    write_atomic(&path, 0o600, b"new").unwrap();
    assert_eq!(content(&path), "new");
    assert_eq!(mode(&path), 0o600);
    assert_eq!(names(folder.path()), ["a"]);
}

#[test]
fn writing_replaces_a_symbolic_link_and_spares_its_target() {
    let folder = folder();
    let target = file(folder.path(), "target", 0o644, "old");
    let link = folder.path().join("link");
    symlink(&target, &link).unwrap();
    write_atomic(&link, 0o600, b"new").unwrap();
    assert_eq!(content(&target), "old");
    assert_eq!(content(&link), "new");
    assert!(fs::symlink_metadata(&link).unwrap().is_file());
}

#[test]
fn a_new_file_never_replaces_one_that_is_there_nor_a_dangling_link() {
    let folder = folder();
    let path = file(folder.path(), "a", 0o600, "old");
    let error = write_new_atomic(&path, 0o600, b"new").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{} exists already and was left as it is", path.display())
    );
    let link = folder.path().join("link");
    symlink("/nowhere/at/all", &link).unwrap();
    assert!(matches!(
        write_new_atomic(&link, 0o600, b"new"),
        Err(FileError::Exists { .. })
    ));
    assert_eq!(content(&path), "old");
    assert_eq!(names(folder.path()), ["a", "link"]);
}

#[test]
fn of_many_who_race_for_a_new_file_exactly_one_wins() {
    const RACERS: usize = 8;
    let folder = folder();
    let path = folder.path().join("a");
    let start = Barrier::new(RACERS);
    let winners: Vec<usize> = thread::scope(|scope| {
        let racers: Vec<_> = (0..RACERS)
            .map(|racer| {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    write_new_atomic(path, 0o600, racer.to_string().as_bytes()).is_ok()
                })
            })
            .collect();
        let results: Vec<_> = racers
            .into_iter()
            .map(|racer| racer.join().unwrap())
            .collect();
        (0..RACERS).filter(|racer| results[*racer]).collect()
    });
    assert_eq!(winners.len(), 1);
    assert_eq!(content(&path), winners[0].to_string());
    assert_eq!(names(folder.path()), ["a"]);
}

#[test]
fn a_set_is_written_whole_or_not_at_all() {
    let folder = folder();
    let paths = ["key", "ca", "crt"].map(|name| folder.path().join(name));
    let set = |content: &'static [u8]| {
        [0o600, 0o644, 0o644]
            .into_iter()
            .zip(&paths)
            .map(|(mode, path)| NewFile {
                path,
                mode,
                bytes: content,
            })
            .collect::<Vec<_>>()
    };
    fs::create_dir(&paths[2]).unwrap();
    let error = write_set(&set(b"1"), Existing::Refuse).unwrap_err();
    assert!(matches!(error, FileError::Exists { .. }));
    assert_eq!(names(folder.path()), ["crt"]);
    fs::remove_dir(&paths[2]).unwrap();

    write_set(&set(b"1"), Existing::Refuse).unwrap();
    assert!(write_set(&set(b"2"), Existing::Refuse).is_err());
    for path in &paths {
        assert_eq!(content(path), "1");
    }
    write_set(&set(b"2"), Existing::Replace).unwrap();
    assert_eq!(names(folder.path()), ["ca", "crt", "key"]);
    assert_eq!(
        paths.each_ref().map(|path| mode(path)),
        [0o600, 0o644, 0o644]
    );
}

#[test]
fn a_new_set_that_loses_a_race_takes_back_what_it_had_placed() {
    let folder = folder();
    let [first, second] = ["key", "crt"].map(|name| folder.path().join(name));
    let new = |path| NewFile {
        path,
        mode: 0o600,
        bytes: b"new",
    };
    let set = [new(&first), new(&second), new(&second)];
    let error = write_set(&set, Existing::Refuse).unwrap_err();
    assert!(matches!(error, FileError::Exists { .. }), "{error}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_set_that_fails_while_it_is_staged_leaves_the_old_files() {
    let folder = folder();
    let old = file(folder.path(), "key", 0o600, "old");
    let lost = folder.path().join("missing/crt");
    let set = [
        NewFile {
            path: &old,
            mode: 0o600,
            bytes: b"new",
        },
        NewFile {
            path: &lost,
            mode: 0o644,
            bytes: b"new",
        },
    ];
    assert!(write_set(&set, Existing::Replace).is_err());
    assert_eq!(content(&old), "old");
    assert_eq!(names(folder.path()), ["key"]);
}

#[test]
fn a_private_folder_is_made_for_its_owner_alone() {
    let folder = folder();
    let path = folder.path().join("a/b");
    create_dir_private(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
    create_dir_private(&path).unwrap();
}

#[test]
fn the_folder_of_a_mere_name_is_the_working_directory() {
    create_dir_private(Path::new("admin.sock").parent().unwrap()).unwrap();
}

#[test]
fn a_folder_that_every_user_can_write_to_is_refused_unless_it_is_sticky() {
    let folder = folder();
    let path = folder.path().join("open");
    fs::create_dir(&path).unwrap();
    for (bits, accepted) in [(0o755, true), (0o775, true), (0o1777, true), (0o777, false)] {
        fs::set_permissions(&path, Permissions::from_mode(bits)).unwrap();
        assert_eq!(create_dir_private(&path).is_ok(), accepted, "{bits:o}");
    }
    let error = create_dir_private(&path).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{path} has mode 0777, so every user could replace the files in it; \
             `chmod o-w {path}` closes it",
            path = path.display()
        )
    );
    let error = create_dir_private(&file(folder.path(), "file", 0o600, "")).unwrap_err();
    assert!(
        error.to_string().ends_with("is no directory; expected one"),
        "{error}"
    );
}

#[test]
fn a_rewritten_file_keeps_its_mode_and_owner_and_the_link_that_leads_to_it() {
    let folder = folder();
    let real = file(folder.path(), "real.yaml", 0o640, "old");
    let link = folder.path().join("link.yaml");
    symlink("real.yaml", &link).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        std::os::unix::fs::chown(&real, Some(1234), Some(2345)).unwrap();
    }
    let before = fs::metadata(&real).unwrap();
    rewrite_atomic(&link, b"new").unwrap();
    assert_eq!(content(&real), "new");
    assert_eq!(mode(&real), 0o640);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let after = fs::metadata(&real).unwrap();
    use std::os::unix::fs::MetadataExt;
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    assert!(!root || after.uid() == 1234);
    assert_ne!(after.ino(), before.ino());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);

    let copy = folder.path().join("copy.yaml");
    write_new_like(&copy, &link, b"old").unwrap();
    let copied = fs::metadata(&copy).unwrap();
    assert_eq!((copied.uid(), copied.gid()), (before.uid(), before.gid()));
    assert_eq!((content(&copy).as_str(), mode(&copy)), ("old", 0o640));
    let again = write_new_like(&copy, &link, b"x");
    assert!(matches!(again, Err(FileError::Exists { .. })));
}

#[test]
fn nothing_is_rewritten_where_there_is_no_file() {
    let folder = folder();
    let path = folder.path().join("a");
    assert!(matches!(
        rewrite_atomic(&path, b"x"),
        Err(FileError::Missing { .. })
    ));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
