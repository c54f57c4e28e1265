//! One program from its start to its end: how long, and how much memory.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::clock;
use crate::interrupt::Interrupt;
use crate::link::procfs;

/// How often its memory is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// What a program took.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) wall: Duration,
    /// The largest resident set that was seen, in KiB.
    pub(crate) peak_kib: u64,
}

impl Run {
    /// Runs `command` to its end, with its output read and thrown away. It has to exit with one
    /// of the `good` codes.
    pub(crate) fn of(mut command: Command, good: &[i32], interrupt: &Interrupt) -> Result<Self> {
        let started = clock::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        let output = child.stdout.take().context("the program has no output")?;
        let reading = std::thread::spawn(move || read_all(output));
        let peak_kib = watch(&mut child, interrupt)?;
        let wall = started.elapsed();
        let read = reading.join();
        read.map_err(|_| anyhow::anyhow!("reading the output panicked"))??;
        let status = child.wait()?;
        ensure!(
            status.code().is_some_and(|code| good.contains(&code)),
            "{status}"
        );
        Ok(Self { wall, peak_kib })
    }
}

/// Waits for the end and tells the largest memory that was seen.
fn watch(child: &mut Child, interrupt: &Interrupt) -> Result<u64> {
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        if let Err(interrupted) = interrupt.check() {
            child.kill()?;
            child.wait()?;
            return Err(interrupted.into());
        }
        // At its very end a process has no memory left to tell of.
        if let Ok(kib) = procfs::peak_resident(child.id()) {
            peak = peak.max(kib);
        }
        std::thread::sleep(LOOK);
    }
    Ok(peak)
}

fn read_all(mut output: impl std::io::Read) -> std::io::Result<()> {
    let mut room = vec![0; 1 << 16];
    while output.read(&mut room)? > 0 {}
    Ok(())
}
