//! Listening, dialling, options and the lock.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener},
    os::fd::AsFd,
    time::Duration,
};

use ringlock_net::{
    DialError, Dialer, ListenError, LockError, MissingNetAdmin, NamespaceLock, TcpOptions, listen,
    refuse_callers, reset_on_close, take_callers,
};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::lab::{INTERCEPTED, Lab, MARK, PATIENCE};

fn block_on<T>(act: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(act)
}

fn own_process() -> String {
    let program = std::env::current_exe().unwrap();
    let name = program.file_name().unwrap().to_str().unwrap();
    format!("process {} ({name})", std::process::id())
}

#[test]
fn a_port_in_use_is_told_with_its_holder() {
    let Some(lab) = Lab::new() else { return };
    for (taken, wanted) in [
        ("10.77.0.1:7000", "10.77.0.1:7000"),
        ("0.0.0.0:7001", "10.77.0.1:7001"),
        ("[fd77::1]:7002", "[::]:7002"),
        ("[::]:7003", "0.0.0.0:7003"),
    ] {
        let _holder: TcpListener = lab.a.listen(taken.parse().unwrap());
        let address: SocketAddr = wanted.parse().unwrap();
        let error = lab.a.enter(|| listen(address, 8)).unwrap_err();
        let (port, ip) = (address.port(), address.ip());
        assert_eq!(
            error.to_string(),
            format!(
                "port {port} is in use on {ip}: {} listens there",
                own_process()
            )
        );
    }
}

#[test]
fn a_port_is_free_again_at_once_after_its_listener_and_never_shared() {
    let Some(lab) = Lab::new() else { return };
    let [address, _] = lab.addresses_of_b(INTERCEPTED);
    let listener = lab.b.enter(|| listen(address, 8)).unwrap();
    let dialled = lab.a.connect(address);
    drop(listener);
    let listener = lab.b.enter(|| listen(address, 8)).unwrap();
    assert!(!SockRef::from(&listener).reuse_port().unwrap());
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(dialled);
}

#[test]
fn who_dials_a_port_that_takes_no_callers_is_refused_while_it_stays_taken() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(INTERCEPTED) {
        let listener = lab.b.enter(|| listen(address, 8)).unwrap();
        let duplicate = listener.try_clone().unwrap();
        duplicate.set_nonblocking(false).unwrap();
        let living = lab.a.connect(address);
        assert_eq!(duplicate.accept().unwrap().1, living.local_addr().unwrap());
        refuse_callers(&listener).unwrap();
        let refused = lab.a.enter(|| std::net::TcpStream::connect(address));
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(
            duplicate.accept().unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        let taken = lab.b.enter(|| listen(address, 8)).unwrap_err();
        assert!(matches!(taken, ListenError::InUse { .. }), "{taken}");
        take_callers(&listener, 8).unwrap();
        let dialled = lab.a.connect(address);
        assert_eq!(duplicate.accept().unwrap().1, dialled.local_addr().unwrap());
    }
}

#[test]
fn both_families_are_listened_on_side_by_side() {
    let Some(lab) = Lab::new() else { return };
    let both = ["0.0.0.0:7000", "[::]:7000"].map(|text| text.parse().unwrap());
    let listeners = both.map(|address| lab.b.enter(|| listen(address, 8)).unwrap());
    for (address, listener) in lab.addresses_of_b(7000).into_iter().zip(listeners) {
        listener.set_nonblocking(false).unwrap();
        let dialled = lab.a.connect(address);
        assert_eq!(listener.accept().unwrap().1, dialled.local_addr().unwrap());
    }
}

#[test]
fn an_address_of_another_host_cannot_be_listened_on() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(7000) {
        let error = lab.a.enter(|| listen(address, 8)).unwrap_err();
        assert!(matches!(error, ListenError::NotLocal { .. }), "{error}");
        assert!(error.to_string().starts_with(&address.ip().to_string()));
    }
}

#[test]
fn a_dialled_connection_carries_mark_and_options() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(INTERCEPTED) {
        let listener = lab.b.listen(address);
        let dialer = Dialer {
            mark: Some(MARK),
            ..Dialer::default()
        };
        lab.a.enter(|| {
            block_on(async {
                let stream = dialer.dial(address).await.unwrap();
                assert_eq!(SockRef::from(&stream).mark().unwrap(), MARK);
                assert_options(&stream);
            });
        });
        let (accepted, _) = listener.accept().unwrap();
        TcpOptions::default().apply(&accepted).unwrap();
        assert_options(&accepted);
    }
}

fn assert_options(connection: &impl AsFd) {
    let socket = SockRef::from(connection);
    assert!(socket.tcp_nodelay().unwrap());
    assert!(socket.keepalive().unwrap());
    assert_eq!(
        socket.tcp_user_timeout().unwrap(),
        Some(Duration::from_secs(30))
    );
    assert_eq!(
        socket.tcp_keepalive_time().unwrap(),
        Duration::from_secs(60)
    );
    assert_eq!(
        socket.tcp_keepalive_interval().unwrap(),
        Duration::from_secs(10)
    );
}

#[test]
fn a_connection_can_be_dialled_from_a_given_address() {
    let Some(lab) = Lab::new() else { return };
    for (second, address) in ["10.77.0.11", "fd77::11"]
        .into_iter()
        .zip(lab.addresses_of_b(INTERCEPTED))
    {
        let second = second.parse().unwrap();
        let listener = lab.b.listen(address);
        let dial = || block_on(Dialer::default().dial_from(second, address)).map(drop);
        let error = lab.a.enter(dial).unwrap_err();
        assert!(matches!(error, DialError::Source { .. }), "{error}");
        lab.a.add_address(second);
        lab.a.enter(dial).unwrap();
        assert_eq!(listener.accept().unwrap().1.ip(), second);
    }
}

#[test]
fn a_mark_without_the_capability_names_it() {
    let Some(lab) = Lab::new() else { return };
    let [address, _] = lab.addresses_of_b(INTERCEPTED);
    let error = lab.a.enter(|| {
        let mut sets = capabilities(None).unwrap();
        sets.effective
            .remove(CapabilitySet::NET_ADMIN | CapabilitySet::NET_RAW);
        set_capabilities(None, sets).unwrap();
        let dialer = Dialer {
            mark: Some(MARK),
            ..Dialer::default()
        };
        block_on(dialer.dial(address)).unwrap_err()
    });
    assert!(
        matches!(error, DialError::Mark(MissingNetAdmin::NotHeld)),
        "{error}"
    );
    assert!(error.to_string().contains("CAP_NET_ADMIN"));
}

#[test]
fn refusal_and_silence_are_told_apart() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(INTERCEPTED) {
        let dialer = Dialer {
            timeout: Duration::from_millis(50),
            ..Dialer::default()
        };
        let dial = || block_on(dialer.dial(address)).unwrap_err();
        let error = lab.a.enter(dial);
        assert_eq!(
            error.to_string(),
            format!("{address} refused the connection")
        );
    }
    lab.b.nft(
        &["-f", "-"],
        "table inet mute { chain input { type filter hook input priority -10; \
         tcp dport 7000 drop; }; }",
    );
    for address in lab.addresses_of_b(INTERCEPTED) {
        let dialer = Dialer {
            timeout: Duration::from_millis(50),
            ..Dialer::default()
        };
        let error = lab.a.enter(|| block_on(dialer.dial(address)).unwrap_err());
        assert_eq!(
            error.to_string(),
            format!("{address} did not answer within 50ms")
        );
    }
}

#[test]
fn a_failure_is_passed_on_as_a_reset() {
    let Some(lab) = Lab::new() else { return };
    for address in lab.addresses_of_b(INTERCEPTED) {
        let listener = lab.b.listen(address);
        let mut dialled = lab.a.connect(address);
        dialled.set_read_timeout(Some(PATIENCE)).unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        accepted.write_all(b"lost").unwrap();
        reset_on_close(&accepted).unwrap();
        drop(accepted);
        let mut heard = Vec::new();
        assert_eq!(
            dialled.read_to_end(&mut heard).unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
    }
}

#[test]
fn a_second_agent_in_a_namespace_is_refused_and_told_the_first_ones_process() {
    let Some(lab) = Lab::new() else { return };
    let first = lab.a.enter(NamespaceLock::acquire).unwrap();
    let elsewhere = lab.b.enter(NamespaceLock::acquire).unwrap();
    let error = lab.a.enter(NamespaceLock::acquire).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "another Ringlock agent runs in this network namespace: {}",
            own_process()
        )
    );
    drop(elsewhere);
    assert!(
        lab.a.enter(NamespaceLock::acquire).is_err(),
        "namespaces have nothing to do with each other"
    );
    drop(first);
    drop(lab.a.enter(NamespaceLock::acquire).unwrap());
}

#[test]
fn the_lock_answers_at_once_however_often_it_is_refused_also_within_a_runtime() {
    let Some(lab) = Lab::new() else { return };
    let _first = lab.a.enter(NamespaceLock::acquire).unwrap();
    lab.a.enter(|| {
        block_on(async {
            for _ in 0..5000 {
                assert!(matches!(
                    NamespaceLock::acquire(),
                    Err(LockError::Held { .. })
                ));
            }
        });
    });
}

#[test]
fn a_tokio_stream_takes_the_options_too() {
    let Some(lab) = Lab::new() else { return };
    let [address, _] = lab.addresses_of_b(INTERCEPTED);
    let _listener = lab.b.listen(address);
    lab.a.enter(|| {
        block_on(async {
            let stream = TcpStream::connect(address).await.unwrap();
            TcpOptions::default().apply(&stream).unwrap();
            assert_options(&stream);
            reset_on_close(&stream).unwrap();
        });
    });
}
