//! `ringlock config set` and `unset`: what they change in a file, what they leave, what they say.

use std::{
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use fs_err as fs;
use ringlock_itest::{
    OrFail as _,
    testkit::{agent::ringlock, command},
};

const YAML: &str = "\
cluster_name: 'Test Cluster'  # as on all nodes
server_encryption_options:
    internode_encryption: none   # all, none, dc or rack
    # optional: true
    keystore: conf/.keystore
    keystore_password: cassandra
# server_encryption_options ends here
storage_port: 7000
";

/// A file in a folder of its own.
struct Edited {
    folder: tempfile::TempDir,
}

/// What a run came to.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Edited {
    fn new() -> Self {
        let folder = tempfile::tempdir().or_fail("making a folder");
        fs::write(folder.path().join("cassandra.yaml"), YAML).or_fail("writing the file");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).or_fail("reading a file")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).or_fail("listing the folder");
        let mut names: Vec<_> = entries
            .map(|entry| {
                let entry = entry.or_fail("listing the folder");
                entry.file_name().to_string_lossy().into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// Runs `ringlock config VERB FILE WORDS…`, where `@` in a word is the folder.
    fn run(&self, verb: &str, words: &[&str]) -> Said {
        self.run_on("cassandra.yaml", verb, words)
    }

    fn run_on(&self, name: &str, verb: &str, words: &[&str]) -> Said {
        Said::by(self.command(name, verb, words))
    }

    fn command(&self, name: &str, verb: &str, words: &[&str]) -> Command {
        let folder = self.folder.path().display().to_string();
        let mut command = ringlock();
        command.args(["config", verb]).arg(self.path(name));
        command.args(words.iter().map(|word| word.replace('@', &folder)));
        command
    }

    #[track_caller]
    fn assert_untouched(&self) {
        assert_eq!(self.text("cassandra.yaml"), YAML);
        assert_eq!(self.names(), ["cassandra.yaml"]);
    }
}

impl Said {
    fn by(mut command: Command) -> Self {
        let output = command::output(&mut command).or_fail("running the program");
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    fn assert_done(&self, words: &[&str]) {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        for word in words {
            assert!(self.stdout.contains(word), "{word:?} is not in {self:?}");
        }
    }

    #[track_caller]
    fn assert_refused(&self, code: i32, words: &[&str]) {
        assert_eq!(
            (self.code, self.stdout.as_str()),
            (Some(code), ""),
            "{self:?}"
        );
        assert_eq!(self.stderr.matches("error: ").count(), 1, "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in {self:?}");
        }
    }
}

#[test]
fn the_lines_that_were_asked_for_change_and_the_original_is_kept() {
    let file = Edited::new();
    let words = [
        "server_encryption_options.internode_encryption=all",
        "server_encryption_options.optional=false",
        "server_encryption_options.cipher_suites=[A,B]",
        "client_encryption_options.enabled=true",
    ];
    file.run("set", &words).assert_done(&[
        "was changed",
        "cassandra.yaml.before-ringlock has the file as it was",
    ]);
    let changed = YAML
        .replace("none   #", "all   #")
        .replace(
            "# optional: true\n",
            "# optional: true\n    optional: false\n",
        )
        .replace(
            "password: cassandra\n",
            "password: cassandra\n    cipher_suites: [A, B]\n",
        )
        + "client_encryption_options:\n    enabled: true\n";
    assert_eq!(file.text("cassandra.yaml"), changed);
    assert_eq!(file.text("cassandra.yaml.before-ringlock"), YAML);

    let keys = words.map(|word| word.split('=').next().unwrap_or(word));
    file.run(
        "set",
        &["server_encryption_options.internode_encryption=none"],
    )
    .assert_done(&["cassandra.yaml.before-ringlock is there already and was left as it is"]);
    file.run("unset", &keys[1..]).assert_done(&["was changed"]);
    assert_eq!(file.text("cassandra.yaml"), YAML);
    assert_eq!(file.text("cassandra.yaml.before-ringlock"), YAML);
}

#[test]
fn nothing_is_written_where_nothing_changes() {
    let file = Edited::new();
    let inode = |file: &Edited| {
        fs::metadata(file.path("cassandra.yaml"))
            .or_fail("looking")
            .ino()
    };
    let before = inode(&file);
    file.run(
        "set",
        &[
            "storage_port=7000",
            "server_encryption_options.keystore=conf/.keystore",
        ],
    )
    .assert_done(&["is like that already; nothing was written"]);
    file.run("unset", &["no.such.key"])
        .assert_done(&["is like that already; nothing was written"]);
    file.assert_untouched();
    assert_eq!(inode(&file), before);
}

#[test]
fn a_dry_run_prints_the_difference_without_passwords_and_writes_nothing() {
    let file = Edited::new();
    fs::write(file.path("secret"), "hunter2: x\n").or_fail("writing the password");
    let password = "server_encryption_options.keystore_password=@/secret";
    let said = file.run(
        "set",
        &["--dry-run", "--value-file", password, "storage_port=7010"],
    );
    fs::remove_file(file.path("secret")).or_fail("removing the password");
    let name = file.path("cassandra.yaml").display().to_string();
    said.assert_done(&[]);
    assert_eq!(
        said.stdout,
        format!(
            "\
--- {name}
+++ {name}
@@ -3,6 +3,6 @@
     internode_encryption: none   # all, none, dc or rack
     # optional: true
     keystore: conf/.keystore
-    keystore_password: ****
+    keystore_password: ****
 # server_encryption_options ends here
-storage_port: 7000
+storage_port: 7010
"
        )
    );
    file.assert_untouched();
}

#[test]
fn passwords_come_from_files_or_standard_input_and_never_from_the_command_line() {
    let file = Edited::new();
    let said = file.run(
        "set",
        &["server_encryption_options.keystore_password=hunter2"],
    );
    said.assert_refused(
        2,
        &["--value-file server_encryption_options.keystore_password=PATH"],
    );
    assert!(!said.stderr.contains("hunter2"));
    file.assert_untouched();

    fs::write(file.path("secret"), "no: #x\n").or_fail("writing the password");
    let word = "server_encryption_options.keystore_password=@/secret";
    file.run("set", &["--value-file", word]).assert_done(&[]);
    assert!(
        file.text("cassandra.yaml")
            .contains("keystore_password: 'no: #x'\n")
    );

    let word = "server_encryption_options.truststore_password=-";
    let mut command = file.command("cassandra.yaml", "set", &["--value-file", word]);
    command::run_with_input(&mut command, "no: #x\n").or_fail("giving the password");
    assert!(
        file.text("cassandra.yaml")
            .contains("    truststore_password: 'no: #x'\n")
    );
}

#[test]
fn mode_owner_and_the_link_to_the_file_stay() {
    let file = Edited::new();
    let real = file.path("cassandra.yaml");
    fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).or_fail("setting the mode");
    let root = rustix::process::geteuid().is_root();
    if root {
        std::os::unix::fs::chown(&real, Some(4321), Some(5432)).or_fail("giving it away");
    }
    let before = fs::metadata(&real).or_fail("looking");
    symlink("cassandra.yaml", file.path("link.yaml")).or_fail("making a link");
    file.run_on("link.yaml", "set", &["storage_port=7010"])
        .assert_done(&[]);
    let link = fs::symlink_metadata(file.path("link.yaml")).or_fail("looking");
    assert!(link.is_symlink());
    assert!(
        file.text("cassandra.yaml")
            .ends_with("storage_port: 7010\n")
    );
    for name in ["cassandra.yaml", "link.yaml.before-ringlock"] {
        let after = fs::metadata(file.path(name)).or_fail("looking");
        let rights = (after.mode() & 0o7777, after.uid(), after.gid());
        assert_eq!(rights, (0o640, before.uid(), before.gid()), "{name}");
        assert!(!root || after.uid() == 4321);
    }
    let left = ["cassandra.yaml", "link.yaml", "link.yaml.before-ringlock"];
    assert_eq!(file.names(), left);
}

#[test]
fn a_backup_that_was_named_must_not_be_there() {
    let file = Edited::new();
    file.run("set", &["storage_port=7010", "--backup", "old.yaml"])
        .assert_done(&["old.yaml has"]);
    assert_eq!(file.text("old.yaml"), YAML);
    file.run("set", &["storage_port=7011", "--backup", "@/old.yaml"])
        .assert_refused(1, &["old.yaml exists already and was left as it is"]);
    assert_eq!(file.text("old.yaml"), YAML);
    assert!(
        file.text("cassandra.yaml")
            .ends_with("storage_port: 7010\n")
    );
}

#[test]
fn what_cannot_be_edited_is_named_and_stays_as_it_is() {
    let file = Edited::new();
    fs::create_dir(file.path("folder")).or_fail("making a folder");
    fs::write(file.path("latin1"), b"a: 1\nb: \xe9\n").or_fail("writing a file");
    fs::write(file.path("broken"), "a: b: c\n").or_fail("writing a file");
    fs::write(file.path("twice"), "a: 1\nb: 2\na: 3\n").or_fail("writing a file");
    for (name, code, words) in [
        ("absent", 2, "does not exist"),
        ("folder", 2, "is a directory"),
        ("latin1", 2, "latin1:2: not UTF-8 text"),
        ("broken", 2, "broken:1:5: not valid YAML"),
        (
            "twice",
            1,
            "a is given 2 times, on lines 1 and 3; the one on line 3 counts",
        ),
    ] {
        file.run_on(name, "set", &["a=1"])
            .assert_refused(code, &[words, name]);
    }
    file.run("set", &["storage_port.x=1"])
        .assert_refused(1, &["storage_port on line 8 is a single value"]);
    file.run("set", &["storage_port"])
        .assert_refused(2, &["expected KEY=VALUE"]);
    file.run("set", &["a..b=1"])
        .assert_refused(2, &["\"a..b\" is no key"]);
    file.run("set", &["storage_port=[1"])
        .assert_refused(2, &["expected [A,B,C]"]);
    let first_good = ["storage_port=1", "storage_port.x=1"];
    file.run("set", &first_good)
        .assert_refused(1, &["storage_port"]);
    assert_eq!(file.text("cassandra.yaml"), YAML);
    assert!(!file.path("cassandra.yaml.before-ringlock").exists());
    assert_no_leftovers(file.folder.path());
}

fn assert_no_leftovers(folder: &Path) {
    let entries = fs::read_dir(folder).or_fail("listing the folder");
    let temporary = entries
        .map(|entry| entry.or_fail("listing the folder").file_name())
        .filter(|name| name.to_string_lossy().ends_with(".tmp"));
    assert_eq!(temporary.count(), 0);
}
