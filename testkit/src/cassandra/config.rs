use std::{
    fmt::Write as _,
    io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use fs_err as fs;

use super::{CLUSTER_NAME, CQL_PORT, NodeOptions, STORAGE_PORT};

/// `server_encryption_options` for a node that does TLS itself, with PKCS12 stores.
#[derive(Clone, Debug)]
pub struct NativeTls {
    /// `none`, `dc`, `rack` or `all`.
    pub internode_encryption: String,
    /// Whether plaintext is accepted as well.
    pub optional: bool,
    /// The node's key and chain.
    pub keystore: PathBuf,
    /// The trusted CAs.
    pub truststore: PathBuf,
    /// The password of both stores.
    pub password: String,
}

/// Everything goes to standard output, which is the node's log file.
const LOGBACK: &str = r#"<configuration>
  <appender name="STDOUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level [%thread] %date{ISO8601} %F:%L - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="STDOUT"/></root>
</configuration>
"#;

/// Writes what a node reads at its start into `conf`, below `dir`; gives that folder.
pub(super) fn write(options: &NodeOptions, address: IpAddr, dir: &Path) -> io::Result<PathBuf> {
    let conf = dir.join("conf");
    fs::create_dir_all(conf.join("triggers"))?;
    fs::write(conf.join("cassandra.yaml"), yaml(options, address, dir))?;
    fs::write(conf.join("logback.xml"), LOGBACK)?;
    fs::write(
        conf.join("cassandra-rackdc.properties"),
        format!("dc={}\nrack={}\n", options.datacenter, options.rack),
    )?;
    Ok(conf)
}

fn yaml(options: &NodeOptions, address: IpAddr, dir: &Path) -> String {
    let dir = dir.display();
    let tokens = join(&options.tokens);
    let seeds = join(&options.seeds);
    let mut yaml = format!(
        "cluster_name: {CLUSTER_NAME}\n\
         num_tokens: {count}\n\
         initial_token: {tokens}\n\
         auto_bootstrap: false\n\
         partitioner: org.apache.cassandra.dht.Murmur3Partitioner\n\
         endpoint_snitch: GossipingPropertyFileSnitch\n\
         seed_provider:\n\
         - class_name: org.apache.cassandra.locator.SimpleSeedProvider\n  \
           parameters: [{{seeds: \"{seeds}\"}}]\n\
         listen_address: \"{address}\"\n\
         rpc_address: \"{address}\"\n\
         storage_port: {STORAGE_PORT}\n\
         native_transport_port: {CQL_PORT}\n\
         data_file_directories: [{dir}/data]\n\
         commitlog_directory: {dir}/commitlog\n\
         saved_caches_directory: {dir}/saved_caches\n\
         hints_directory: {dir}/hints\n\
         cdc_raw_directory: {dir}/cdc_raw\n",
        count = options.tokens.len(),
    );
    yaml.push_str(options.release.yaml);
    if let Some(tls) = &options.native_tls {
        write_native_tls(&mut yaml, tls);
    }
    yaml.push_str(&options.yaml);
    yaml
}

fn write_native_tls(yaml: &mut String, tls: &NativeTls) {
    // Writing to a string cannot fail.
    let _ = write!(
        yaml,
        "server_encryption_options:\n  \
           internode_encryption: {encryption}\n  \
           optional: {optional}\n  \
           require_client_auth: true\n  \
           require_endpoint_verification: true\n  \
           store_type: PKCS12\n  \
           keystore: {keystore}\n  \
           keystore_password: {password}\n  \
           truststore: {truststore}\n  \
           truststore_password: {password}\n",
        encryption = tls.internode_encryption,
        optional = tls.optional,
        keystore = tls.keystore.display(),
        truststore = tls.truststore.display(),
        password = tls.password,
    );
}

fn join(items: &[impl ToString]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    items.join(",")
}
