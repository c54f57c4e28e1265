/// Says why a test does not run. Where `CI=true`, everything has to run, so this is a failure.
#[expect(
    clippy::print_stdout,
    reason = "the test runner shows the line and counts the test as left out"
)]
pub fn skip(reason: &str) {
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "this test has to run here, but {reason}"
    );
    println!("skipped: {reason}");
}

/// Whether this process is root, which network namespaces and rules need; says so if it is not.
pub fn may_run_as_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip("this test makes network namespaces and needs root");
    }
    root
}
