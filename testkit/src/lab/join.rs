use std::{
    ffi::OsString,
    io,
    os::{fd::AsFd, unix::process::CommandExt as _},
    process::Command,
};

use fs_err as fs;
use rustix::thread::{
    LinkNameSpaceType, capabilities, configure_capability_in_ambient_set,
    move_into_link_name_space, set_capabilities,
};

/// In the order in which they are entered: the user namespace gives the right to the others.
const NAMESPACES: [(&str, LinkNameSpaceType); 3] = [
    ("user", LinkNameSpaceType::User),
    ("mnt", LinkNameSpaceType::Mount),
    ("net", LinkNameSpaceType::Network),
];

/// Becomes the command, inside the user namespace of the lab whose outer process has that id, with
/// its capabilities. Returns only if that fails. For single-threaded programs, such as a `main`
/// that has just begun; `nsenter` of util-linux loses the capabilities of users other than root.
pub fn run_in_user_namespace(outer_pid: u32, command: &[OsString]) -> io::Error {
    let Some((program, arguments)) = command.split_first() else {
        return io::Error::new(io::ErrorKind::InvalidInput, "there is no command to run");
    };
    match join(outer_pid) {
        Ok(()) => Command::new(program).args(arguments).exec(),
        Err(error) => error,
    }
}

fn join(outer_pid: u32) -> io::Result<()> {
    let directory = std::env::current_dir()?;
    // Opened before the first is entered: /proc may show other processes afterwards.
    let opened = NAMESPACES.map(|(name, kind)| {
        fs::File::open(format!("/proc/{outer_pid}/ns/{name}")).map(|file| (file, kind))
    });
    for namespace in opened {
        let (file, kind) = namespace?;
        move_into_link_name_space(file.file().as_fd(), Some(kind))?;
    }
    std::env::set_current_dir(directory)?;
    keep_capabilities()
}

/// What is started next has the capabilities of this process, whoever its user is.
fn keep_capabilities() -> io::Result<()> {
    let mut sets = capabilities(None)?;
    let permitted = sets.permitted;
    sets.inheritable = permitted;
    set_capabilities(None, sets)?;
    for capability in permitted.iter() {
        configure_capability_in_ambient_set(capability, true)?;
    }
    Ok(())
}
