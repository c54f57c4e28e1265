use ringlock_itest::{
    OrFail as _, retry_until,
    testkit::{
        cassandra::Cluster,
        cql::{Client, Replicas, Rows},
        lab::Lab,
    },
};

/// What every row holds.
pub(crate) const MARKER: &str = "nobody-else-may-read-this-row";
const COUNT: usize = 50;

/// Makes a table whose rows are on every node of the datacenters, so many times in each.
pub(crate) fn make_table(lab: &Lab, cluster: &Cluster, replicas: &str) {
    let client = client(lab, cluster, 0);
    for statement in [
        format!(
            "CREATE KEYSPACE shop WITH replication = {{'class': 'NetworkTopologyStrategy', {replicas}}}"
        ),
        "CREATE TABLE shop.orders (id text PRIMARY KEY, value text)".to_owned(),
    ] {
        client.execute(&statement).or_fail("making a table");
    }
    retry_until("one schema on every node", || {
        let nodes = 0..cluster.nodes().len();
        let versions = nodes.map(|node| self::client(lab, cluster, node).schema_version());
        let versions: Vec<_> = versions.collect::<Result<_, _>>().ok()?;
        versions.iter().all(|it| *it == versions[0]).then_some(())
    });
}

/// Lets every node of 3.11 notice which of its connections were ended: it never reads them, and loses
/// what it writes to one at once, but for the last message.
pub(crate) fn wake(lab: &Lab, cluster: &Cluster) {
    let row = Rows::generate("wake", 1, MARKER, 100);
    retry_until("a row on every node", || {
        let client = client(lab, cluster, 0);
        client.write("shop.orders", &row, Replicas::All).ok()
    });
}

/// Rows that one node takes are on every replica, as the next one reads.
pub(crate) fn write_and_read(lab: &Lab, cluster: &Cluster, prefix: &str) {
    let rows = Rows::generate(prefix, COUNT, MARKER, 100);
    let written = client(lab, cluster, 0).write("shop.orders", &rows, Replicas::All);
    written.or_fail("writing at ALL");
    let read = client(lab, cluster, 1).read("shop.orders", Replicas::All);
    let read = read.or_fail("reading at ALL").beginning(prefix);
    assert_eq!(read.to_string(), rows.to_string());
}

fn client(lab: &Lab, cluster: &Cluster, node: usize) -> Client {
    let client = Client::connect(&lab.client().namespace, cluster.nodes()[node].cql());
    client.or_fail("connecting a client")
}
