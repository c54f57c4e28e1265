import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import javax.management.MBeanServerConnection;
import javax.management.Notification;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** What `nodetool` does, for a node whose own does not run on a Java that can be had. */
public final class Jmx {
    private static final String SERVICE = "org.apache.cassandra.db:type=StorageService";
    /** Of org.apache.cassandra.utils.progress.ProgressEventType, by their places. */
    private static final int ERROR = 2, ABORT = 3, COMPLETE = 5;

    private final MBeanServerConnection server;
    private final ObjectName service;

    private Jmx(MBeanServerConnection server) throws Exception {
        this.server = server;
        this.service = new ObjectName(SERVICE);
    }

    /** Takes the host and port of the node's JMX, a verb and what belongs to it. */
    public static void main(String[] arguments) throws Exception {
        String url = "service:jmx:rmi:///jndi/rmi://" + arguments[0] + "/jmxrmi";
        try (JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(url))) {
            Jmx jmx = new Jmx(connector.getMBeanServerConnection());
            switch (arguments[1]) {
                case "status" -> jmx.status();
                case "rebuild" -> jmx.rebuild(arguments[2], arguments[3]);
                case "repair" -> jmx.repair(arguments[2], arguments[3]);
                default -> throw new IllegalArgumentException(arguments[1]);
            }
        }
    }

    /** The ring as the node sees it, a line for each node: its two letters and its address. */
    private void status() throws Exception {
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

    /** Repairs one table wholly, and fails if a part of it did. */
    private void repair(String keyspace, String table) throws Exception {
        BlockingQueue<Notification> told = new LinkedBlockingQueue<>();
        server.addNotificationListener(service, (notification, nothing) -> told.add(notification), null, null);
        Map<String, String> options = Map.of("incremental", "false", "primaryRange", "false", "columnFamilies", table);
        String[] signature = {String.class.getName(), Map.class.getName()};
        Object command = server.invoke(service, "repairAsync", new Object[] {keyspace, options}, signature);
        for (int type = 0; type != COMPLETE; ) {
            Notification notification = told.take();
            if (("repair:" + command).equals(notification.getSource())) {
                type = (Integer) ((Map<?, ?>) notification.getUserData()).get("type");
                System.out.println(notification.getMessage());
                if (type == ERROR || type == ABORT) {
                    throw new IllegalStateException(notification.getMessage());
                }
            }
        }
    }

    /** Streams a keyspace to the node from a datacenter. */
    private void rebuild(String keyspace, String datacenter) throws Exception {
        String[] arguments = {datacenter, keyspace, null, null};
        String[] signature = new String[arguments.length];
        Arrays.fill(signature, String.class.getName());
        server.invoke(service, "rebuild", arguments, signature);
    }

    @SuppressWarnings("unchecked")
    private Set<String> nodes(String attribute) throws Exception {
        return new TreeSet<>((List<String>) server.getAttribute(service, attribute));
    }
}
