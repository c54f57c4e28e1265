//! Two network namespaces, `a` and `b`, joined by a cable, gone when dropped.

use std::{
    fs,
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    os::fd::AsFd,
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use ringlock_net::intercept::{self, Rules, State};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

pub(crate) struct Lab {
    pub(crate) a: Namespace,
    pub(crate) b: Namespace,
}

pub(crate) struct Namespace {
    name: String,
    v4: Ipv4Addr,
    v6: Ipv6Addr,
}

/// The ports of the rules that the tests install.
pub(crate) const INTERCEPTED: u16 = 7000;
pub(crate) const INBOUND: u16 = 17000;
pub(crate) const OUTBOUND: u16 = 17001;
pub(crate) const MARK: u32 = 0x524c;

pub(crate) fn rules() -> Rules {
    Rules {
        inbound_port: INBOUND,
        outbound_port: OUTBOUND,
        mark: MARK,
        ports: vec![INTERCEPTED, 7001],
    }
}

/// Installs [`rules`] in this namespace.
pub(crate) fn install(namespace: &Namespace) {
    namespace.enter(|| intercept::install(&rules())).unwrap();
}

/// What is installed in this namespace.
pub(crate) fn show(namespace: &Namespace) -> State {
    namespace.enter(intercept::show).unwrap()
}

impl Lab {
    /// A fresh pair; nothing when the caller may not make one and chose to pass over such tests.
    pub(crate) fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skip("this test makes network namespaces and needs root");
            return None;
        }
        sweep();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = |side| format!("{PREFIX}{}-{number}-{side}", std::process::id());
        let namespace = |side, last: u8| Namespace {
            name: name(side),
            v4: Ipv4Addr::new(10, 77, 0, last),
            v6: Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, last.into()),
        };
        let lab = Self {
            a: namespace("a", 1),
            b: namespace("b", 2),
        };
        for side in [&lab.a, &lab.b] {
            ip(&["netns", "add", &side.name]);
            ip(&["-n", &side.name, "link", "set", "lo", "up"]);
        }
        let (a, b) = (&lab.a.name, &lab.b.name);
        ip(&[
            "link", "add", "cable", "netns", a, "type", "veth", "peer", "name", "cable", "netns", b,
        ]);
        for side in [&lab.a, &lab.b] {
            side.add_address(IpAddr::V4(side.v4));
            side.add_address(IpAddr::V6(side.v6));
            ip(&["-n", &side.name, "link", "set", "cable", "up"]);
        }
        lab.await_cable();
        Some(lab)
    }

    /// Both families, as addresses of `b` with this port.
    pub(crate) fn addresses_of_b(&self, port: u16) -> [SocketAddr; 2] {
        [self.b.v4(port), self.b.v6(port)]
    }

    /// The first packets over IPv6 may be dropped while the link comes up.
    fn await_cable(&self) {
        let listener = self.b.listen(self.b.v6(9));
        let came = (0..50).any(|_| {
            let tried = self
                .a
                .enter(|| TcpStream::connect_timeout(&self.b.v6(9), Duration::from_millis(200)));
            tried.is_ok() || {
                thread::sleep(Duration::from_millis(20));
                false
            }
        });
        drop(listener);
        assert!(
            came,
            "the cable between {} and {} stays dead",
            self.a.name, self.b.name
        );
    }
}

impl Namespace {
    /// Runs `act` on a thread inside; sockets made there, and programs started there, belong here.
    pub(crate) fn enter<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        let link = fs::OpenOptions::new()
            .read(true)
            .open(format!("/run/netns/{}", self.name))
            .unwrap();
        thread::scope(|scope| {
            let inside = scope.spawn(move || {
                move_into_link_name_space(link.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
                act()
            });
            match inside.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    pub(crate) fn v4(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.v4.into(), port)
    }

    pub(crate) fn v6(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.v6.into(), port)
    }

    /// Gives the cable's end here one more address.
    pub(crate) fn add_address(&self, address: IpAddr) {
        let length = if address.is_ipv4() { 24 } else { 64 };
        let address = format!("{address}/{length}");
        let mut arguments = vec!["-n", &self.name, "address", "add", &address, "dev", "cable"];
        if length == 64 {
            arguments.push("nodad");
        }
        ip(&arguments);
    }

    pub(crate) fn listen(&self, address: SocketAddr) -> TcpListener {
        self.enter(|| TcpListener::bind(address).unwrap())
    }

    pub(crate) fn connect(&self, address: SocketAddr) -> TcpStream {
        self.enter(|| TcpStream::connect_timeout(&address, PATIENCE))
            .unwrap()
    }

    /// Runs `nft` inside, with this input where it takes some.
    pub(crate) fn nft(&self, arguments: &[&str], input: &str) -> String {
        let output = self.enter(|| run("nft", arguments, input));
        succeeded("nft", arguments, output)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for side in [&self.a, &self.b] {
            let _gone = Command::new("ip")
                .args(["netns", "delete", &side.name])
                .output();
        }
    }
}

/// A connection and its accepted end.
pub(crate) fn pair(
    from: &Namespace,
    listener: &TcpListener,
    address: SocketAddr,
) -> (TcpStream, TcpStream) {
    let dialled = from.connect(address);
    let (accepted, peer) = listener.accept().unwrap();
    assert_eq!(peer.port(), dialled.local_addr().unwrap().port());
    (dialled, accepted)
}

/// Says something at one end and hears it at the other, both ways.
pub(crate) fn talk(one: &mut TcpStream, other: &mut TcpStream) {
    say(one, other);
    say(other, one);
}

fn say(from: &mut TcpStream, to: &mut TcpStream) {
    to.set_read_timeout(Some(PATIENCE)).unwrap();
    from.write_all(b"hello").unwrap();
    let mut heard = [0; 5];
    to.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"hello");
}

/// Waits for what must come about soon; how long it takes is not judged.
pub(crate) fn eventually(what: &str, mut come: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if come() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: not within ten seconds");
}

/// Runs the calling test again in a process of its own, started by `launcher`.
pub(crate) fn rerun(launcher: &[&str], test: &str) -> String {
    let output = Command::new(launcher[0])
        .args(&launcher[1..])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(RERUN, "1")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{test} run again: {text}");
    assert!(
        text.contains("1 passed"),
        "{test} is not the test's name: {text}"
    );
    text
}

/// Whether this process was started by [`rerun`].
pub(crate) fn is_rerun() -> bool {
    std::env::var_os(RERUN).is_some()
}

/// Passes a test over, where that is allowed.
pub(crate) fn skip(reason: &str) {
    let flag =
        |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty() && value != "0");
    let allowed = flag("RINGLOCK_SKIP_ROOT") && std::env::var("CI").as_deref() != Ok("true");
    assert!(
        allowed,
        "{reason}; RINGLOCK_SKIP_ROOT=1 passes it over, except where CI=true"
    );
    println!("passed over: {reason}");
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

fn ip(arguments: &[&str]) {
    succeeded("ip", arguments, run("ip", arguments, ""));
}

fn run(program: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn succeeded(program: &str, arguments: &[&str], output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {}: {said}",
        arguments.join(" ")
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Removes what a killed test run left behind.
fn sweep() {
    let Ok(names) = fs::read_dir("/run/netns") else {
        return;
    };
    for name in names
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
    {
        let owner = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|pid| !fs::exists(format!("/proc/{pid}")).unwrap()) {
            let _gone = Command::new("ip").args(["netns", "delete", &name]).output();
        }
    }
}

const PREFIX: &str = "ringlock-nettest-";
const RERUN: &str = "RINGLOCK_NETTEST_RERUN";
static NUMBER: AtomicU32 = AtomicU32::new(0);
