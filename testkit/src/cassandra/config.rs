use std::{
    fmt::Write as _,
    io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use fs_err as fs;

use super::{CLUSTER_NAME, CQL_PORT, NodeOptions, STORAGE_PORT};

/// Everything goes to standard output, which is the node's log file.
const LOGBACK: &str = r#"<configuration>
  <appender name="STDOUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level [%thread] %date{ISO8601} %F:%L - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="STDOUT"/></root>
</configuration>
"#;

/// Writes what a node reads at its start into `conf`, below `dir`; gives its `cassandra.yaml`,
/// which an agent may be watching already and which is touched only where it differs.
pub(super) fn write(options: &NodeOptions, address: IpAddr, dir: &Path) -> io::Result<PathBuf> {
    let conf = dir.join("conf");
    let file = conf.join("cassandra.yaml");
    fs::create_dir_all(conf.join("triggers"))?;
    fs::create_dir_all(dir.join("tmp"))?;
    let text = yaml(options, address, dir);
    if !fs::read_to_string(&file).is_ok_and(|there| there == text) {
        fs::write(&file, text)?;
    }
    fs::write(conf.join("logback.xml"), LOGBACK)?;
    fs::write(
        conf.join("cassandra-rackdc.properties"),
        format!(
            "dc={}\nrack={}\nprefer_local={}\n",
            options.datacenter,
            options.rack,
            options.private.is_some()
        ),
    )?;
    Ok(file)
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
         listen_address: \"{listen}\"\n\
         rpc_address: \"{address}\"\n\
         storage_port: {STORAGE_PORT}\n\
         native_transport_port: {CQL_PORT}\n\
         data_file_directories: [{dir}/data]\n\
         commitlog_directory: {dir}/commitlog\n\
         saved_caches_directory: {dir}/saved_caches\n\
         hints_directory: {dir}/hints\n\
         cdc_raw_directory: {dir}/cdc_raw\n",
        count = options.tokens.len(),
        listen = options.private.unwrap_or(address),
    );
    if options.private.is_some() {
        // Writing to a string cannot fail.
        let _ = write!(
            yaml,
            "broadcast_address: \"{address}\"\nlisten_on_broadcast_address: true\n"
        );
    }
    yaml.push_str(options.release.yaml);
    if let Some(tls) = &options.native_tls {
        yaml.push_str(tls);
    }
    yaml.push_str(&options.yaml);
    yaml
}

fn join(items: &[impl ToString]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    items.join(",")
}
