//! Keys from PyKMIP's server, over mutual TLS on loopback.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says on standard output why it did not run"
)]

mod site;

use std::{
    io,
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use ringlock_secret::{
    DseYaml, Password, Resolver,
    kmip::{Client, Group, Host, KmipError, ObjectFault, ObjectKind, StoreFile},
};
use ringlock_store::Kind;
use ringlock_testkit::kmip::{self, KmipServer};

use self::site::{Keys, Site};

/// 16 bytes, `00` to `0f`, and `hunter2` encrypted with it by openssl.
const KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const VALUE: &str = "gbAl6FBqxTHFvEXQ2mbSeQ==";

/// Long enough for a server that starts a process for each connection on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

#[test]
fn keys_and_secrets_come_from_a_real_server_with_every_kind_of_store() {
    let site = Site::new(Keys::P256);
    let Some(server) = start(&site, "") else {
        return;
    };
    let at = [host(&server)];
    for kind in [Kind::Pem, Kind::Jks, Kind::Pkcs12] {
        let client = Client::new(&group(&site, kind, &at)).unwrap();
        client.reach().unwrap();
        let key = client.get("dse-key").unwrap();
        assert_eq!(key.kind, ObjectKind::SymmetricKey);
        assert_eq!((key.algorithm, key.bits), (Some(3), Some(128)));
        assert_eq!(*key.material, KEY);
        assert!(!format!("{key:?}").contains("11, 12"));
    }
    let client = Client::new(&group(&site, Kind::Pem, &at)).unwrap();
    // By its identifier.
    assert_eq!(*client.get("1").unwrap().material, KEY);
    let secret = client.get("password").unwrap();
    assert_eq!(secret.kind, ObjectKind::SecretData);
    assert_eq!(*secret.material, b"hunter2");

    what_is_not_there_once_is_told(&client, &host(&server));
    a_database_reads_its_values_with_it(&site, &host(&server));
    a_server_that_cannot_be_talked_to_is_passed_over(&site, &host(&server));
    strangers_are_refused_on_both_sides(&site, &host(&server));
}

fn what_is_not_there_once_is_told(client: &Client, host: &Host) {
    assert_eq!(
        client.get("missing").unwrap_err().to_string(),
        format!(
            "KMIP group one, server {host}: there is no object with the name or identifier \
             missing, or none that this client may see"
        )
    );
    assert!(matches!(
        client.get("twice"),
        Err(KmipError::Object {
            fault: ObjectFault::Several { .. },
            ..
        })
    ));
}

fn a_database_reads_its_values_with_it(site: &Site, host: &Host) {
    let yaml = |key: &str, second: &str| {
        let text = format!(
            "config_encryption_active: true
config_encryption_key_name: kmip://one/{key}
kmip_hosts:
  one:
    hosts: 127.0.0.1:1, {host}
    keystore_path: client.jks
    keystore_password: {password}
    truststore_path: trust.jks
    truststore_password: {password}
    timeout: 20000
{second}",
            password = site::PASSWORD
        );
        DseYaml::parse(&text, &site.path("dse.yaml")).unwrap()
    };
    site.write(Kind::Jks);
    let resolver = Resolver::for_database(&yaml("dse-key", "")).unwrap();
    assert_eq!(resolver.open(VALUE).unwrap().expose(), "hunter2");
    assert!(resolver.open("cassandra").is_err());

    let secret = Resolver::for_database(&yaml("password", "")).unwrap_err();
    assert_eq!(
        secret.to_string(),
        "the key password of the KMIP group one: it is secret data; expected a symmetric key"
    );
    // A group that has nothing to do with the key has to be there as well.
    let second = "  two: {hosts: 127.0.0.1:1, keystore_path: client.jks, keystore_password: pa55word, \
                  truststore_path: trust.jks, truststore_password: pa55word}\n";
    let error = Resolver::for_database(&yaml("dse-key", second)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no server of the KMIP group two can be talked to: \
         127.0.0.1:1: Connection refused (os error 111)"
    );
}

fn a_server_that_cannot_be_talked_to_is_passed_over(site: &Site, host: &Host) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closing = TcpListener::bind("127.0.0.1:0").unwrap();
    let hosts = [
        Host::parse("127.0.0.1:1").unwrap(),
        of(&silent),
        of(&closing),
        Host::parse("no-such-host.invalid").unwrap(),
    ];
    thread::spawn(move || while closing.accept().is_ok() {});
    let with_the_server: Vec<_> = hosts.iter().chain([host]).cloned().collect();
    let mut impatient = group(site, Kind::Pem, &with_the_server);
    impatient.timeout = Duration::from_secs(2);
    let client = Client::new(&impatient).unwrap();
    assert_eq!(*client.get("dse-key").unwrap().material, KEY);

    impatient.hosts = hosts.to_vec();
    let KmipError::Unreachable { failures, .. } =
        Client::new(&impatient).unwrap().reach().unwrap_err()
    else {
        panic!("some server was talked to");
    };
    let told: Vec<_> = failures
        .iter()
        .map(|failure| failure.error.to_string())
        .collect();
    assert_eq!(told[0], "Connection refused (os error 111)");
    assert_eq!(
        told[1],
        "it does not answer in time (`timeout` of the group)"
    );
    assert!(told[2].starts_with("it closed the connection"), "{told:?}");
    assert!(
        told[3].starts_with("its name cannot be resolved"),
        "{told:?}"
    );
}

fn strangers_are_refused_on_both_sides(site: &Site, host: &Host) {
    let told = |group: &Group| {
        let error = Client::new(group).unwrap().reach().unwrap_err();
        error.to_string()
    };
    let at = [host.clone()];
    let stranger = Site::new(Keys::P256);
    let mut unknown_server = group(site, Kind::Pem, &at);
    unknown_server.truststore = group(&stranger, Kind::Pem, &at).truststore;
    let error = told(&unknown_server);
    assert!(
        error.contains(
            "its certificate is not accepted: self-signed certificate in certificate chain"
        ),
        "{error}"
    );

    let mut unknown_client = group(site, Kind::Pem, &at);
    unknown_client.keystore = group(&stranger, Kind::Pem, &at).keystore;
    let error = told(&unknown_client);
    assert!(
        error.contains("it does not accept our certificate (tlsv1 alert unknown ca)"),
        "{error}"
    );

    // The same server seen under an address that its certificate does not have.
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
    let named = group(site, Kind::Pem, &[of(&listener)]);
    let upstream = host.port;
    thread::spawn(move || forward(&listener, upstream));
    let error = told(&named);
    assert!(
        error.contains("its certificate is not accepted: IP address mismatch"),
        "{error}"
    );
}

/// Carries one connection to the server.
fn forward(listener: &TcpListener, port: u16) {
    let (mut client, _) = listener.accept().unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (mut up, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || io::copy(&mut up, &mut to));
    // Either side may end it with a reset.
    let _ = io::copy(&mut server, &mut client);
}

/// Its suite is the one that KMIP 1.2's profile makes mandatory; rustls has no such suite.
#[test]
fn a_server_that_only_has_rsa_key_exchange_and_cbc_is_talked_to() {
    let site = Site::new(Keys::Rsa);
    let Some(server) = start(&site, "TLS_RSA_WITH_AES_256_CBC_SHA256") else {
        return;
    };
    let client = Client::new(&group(&site, Kind::Pem, &[host(&server)])).unwrap();
    assert_eq!(*client.get("dse-key").unwrap().material, KEY);
}

#[test]
fn stores_that_are_of_no_use_are_told_before_anything_is_connected() {
    let site = Site::new(Keys::P256);
    let at = [Host::parse("127.0.0.1:1").unwrap()];
    let whole = group(&site, Kind::Jks, &at);
    let told = |group: &Group| Client::new(group).unwrap_err().to_string();

    let mut group = whole.clone();
    group.keystore.path = site.path("nothing");
    assert!(told(&group).contains("nothing does not exist"));

    let mut group = whole.clone();
    group.keystore = whole.truststore.clone();
    std::fs::set_permissions(
        &group.keystore.path,
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    assert!(told(&group).contains("no private key with its certificate"));

    let mut group = whole.clone();
    group.truststore = whole.keystore.clone();
    assert!(told(&group).contains("no trusted certificate"));

    let mut group = whole;
    group.keystore.password = Some(Password::new("hunter2"));
    let error = told(&group);
    assert!(error.contains("password"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

fn group(site: &Site, kind: Kind, hosts: &[Host]) -> Group {
    site.write(kind);
    let store = |name: &str| StoreFile {
        path: site.path(&format!("{name}.{}", kind.name())),
        password: (kind != Kind::Pem).then(|| Password::new(site::PASSWORD)),
    };
    Group {
        name: "one".to_owned(),
        hosts: hosts.to_vec(),
        keystore: store("client"),
        truststore: store("trust"),
        timeout: TIMEOUT,
    }
}

/// Starts PyKMIP with the certificates of a site. None, with the reason printed, where there is none.
fn start(site: &Site, suites: &str) -> Option<KmipServer> {
    match KmipServer::start(site.folder(), suites) {
        Ok(server) => Some(server),
        Err(error @ kmip::KmipError::NoPackages { .. }) => {
            skip(&error.to_string());
            None
        }
        Err(error) => panic!("starting PyKMIP: {error}"),
    }
}

fn host(server: &KmipServer) -> Host {
    Host::parse(&server.address().to_string()).unwrap()
}

fn of(listener: &TcpListener) -> Host {
    Host::parse(&listener.local_addr().unwrap().to_string()).unwrap()
}

/// Says why a test does not run; where `CI=true`, everything has to run, so this is a failure.
fn skip(reason: &str) {
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "this test has to run here, but {reason}"
    );
    println!("skipped: {reason}");
}
