import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.util.HexFormat;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * A database node's side of a link: JSSE's own managers over two JKS stores, and one cipher suite.
 * Dials, says what a node does first, and prints the suite and the echo of a line; or serves and
 * sends back what it gets.
 */
public final class Jsse {
    public static void main(String[] arguments) throws Exception {
        SSLContext context = context(arguments[3], arguments[4]);
        String[] suites = {arguments[5]};
        InetAddress address = InetAddress.getByName(arguments[1]);
        int port = Integer.parseInt(arguments[2]);
        if (arguments[0].equals("dial")) {
            try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(address, port)) {
                socket.setEnabledCipherSuites(suites);
                byte[] hello = HexFormat.of().parseHex(arguments[6]);
                socket.getOutputStream().write(hello);
                socket.getOutputStream().write("over JSSE\n".getBytes(StandardCharsets.UTF_8));
                socket.getInputStream().readNBytes(hello.length);
                var lines = new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8);
                System.out.println(new BufferedReader(lines).readLine());
                System.out.println(socket.getSession().getCipherSuite());
            }
            return;
        }
        var sockets = context.getServerSocketFactory();
        try (SSLServerSocket server = (SSLServerSocket) sockets.createServerSocket(port, 5, address)) {
            server.setEnabledCipherSuites(suites);
            server.setNeedClientAuth(true);
            System.out.println("listening");
            while (true) {
                try (SSLSocket socket = (SSLSocket) server.accept()) {
                    socket.getInputStream().transferTo(socket.getOutputStream());
                } catch (IOException refused) {
                    System.out.println(refused.getMessage());
                }
            }
        }
    }

    private static SSLContext context(String keystore, String truststore) throws Exception {
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        char[] password = System.getenv("KEYSTORE_PASSWORD").toCharArray();
        keys.init(open(keystore, password), password);
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(open(truststore, System.getenv("TRUSTSTORE_PASSWORD").toCharArray()));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static KeyStore open(String file, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance("JKS");
        try (FileInputStream input = new FileInputStream(file)) {
            store.load(input, password);
        }
        return store;
    }
}
