import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** The ring as a Cassandra node sees it, a line for each node: its two letters and its address. */
public final class Ring {
    private static final String SERVICE = "org.apache.cassandra.db:type=StorageService";

    private final MBeanServerConnection server;
    private final ObjectName service;

    private Ring(MBeanServerConnection server) throws Exception {
        this.server = server;
        this.service = new ObjectName(SERVICE);
    }

    /** Takes the host and port of the node's JMX. */
    public static void main(String[] arguments) throws Exception {
        String url = "service:jmx:rmi:///jndi/rmi://" + arguments[0] + "/jmxrmi";
        try (JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(url))) {
            new Ring(connector.getMBeanServerConnection()).print();
        }
    }

    private void print() throws Exception {
        Set<String> live = nodes("LiveNodes");
        Set<String> joining = nodes("JoiningNodes");
        Set<String> leaving = nodes("LeavingNodes");
        Set<String> moving = nodes("MovingNodes");
        Set<String> all = nodes("UnreachableNodes");
        all.addAll(live);
        for (String node : all) {
            String up = live.contains(node) ? "U" : "D";
            String state = joining.contains(node) ? "J" : leaving.contains(node) ? "L" : moving.contains(node) ? "M" : "N";
            System.out.println(up + state + "  " + node);
        }
    }

    @SuppressWarnings("unchecked")
    private Set<String> nodes(String attribute) throws Exception {
        return new TreeSet<>((List<String>) server.getAttribute(service, attribute));
    }
}
