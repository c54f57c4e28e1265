import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * JSSE as a DSE node uses it: stores by type and password, one context for all connections, endpoint
 * verification by address where it is asked for. Settings are in the environment.
 *
 * <p>{@code dial HOST PORT}: dials for each line of its input, says the line, and prints the echo or why there is
 * none. The connection stays until the next. {@code serve PORT}: sends back what it gets, and prints how each
 * handshake went.
 */
public final class Node {
    /** Initiate of Cassandra 5.0 at 127.0.0.1. */
    private static final byte[] HELLO = {
        (byte) 0xca, 0x55, 0x2d, (byte) 0xfa, 0x0c, 0x0c, 0x0c, 0x11, 6, 127, 0, 0, 1, 0x1b, 0x58, (byte) 0xdb, 0x76, 0x51, (byte) 0xf2
    };

    public static void main(String[] arguments) throws Exception {
        SSLContext context = context();
        if (arguments[0].equals("dial")) {
            dial(context, arguments[1], Integer.parseInt(arguments[2]));
        } else {
            serve(context, Integer.parseInt(arguments[1]));
        }
    }

    private static void dial(SSLContext context, String host, int port) throws Exception {
        System.out.println("ready");
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        SSLSocket last = null;
        for (String line = orders.readLine(); line != null; line = orders.readLine()) {
            if (last != null) {
                last.close();
            }
            last = (SSLSocket) context.getSocketFactory().createSocket(host, port);
            try {
                last.setSoTimeout(30_000);
                last.setSSLParameters(parameters(last.getSSLParameters()));
                last.startHandshake();
                byte[] words = (line + "\n").getBytes(StandardCharsets.UTF_8);
                last.getOutputStream().write(HELLO);
                last.getOutputStream().write(words);
                last.getInputStream().readNBytes(HELLO.length);
                byte[] echo = last.getInputStream().readNBytes(words.length);
                if (echo.length < words.length) {
                    System.out.println("closed");
                } else {
                    System.out.print(last.getSession().getProtocol() + " " + new String(echo, StandardCharsets.UTF_8));
                }
            } catch (java.io.IOException error) {
                System.out.println("failed: " + error.getMessage());
            }
            System.out.flush();
        }
    }

    private static void serve(SSLContext context, int port) throws Exception {
        InetAddress address = InetAddress.getByName("127.0.0.1");
        SSLServerSocket listening = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(port, 50, address);
        listening.setSSLParameters(parameters(listening.getSSLParameters()));
        listening.setNeedClientAuth(isSet("CLIENT_AUTH"));
        System.out.println("ready");
        while (true) {
            SSLSocket socket = (SSLSocket) listening.accept();
            new Thread(() -> echo(socket)).start();
        }
    }

    private static void echo(SSLSocket socket) {
        try (socket) {
            socket.startHandshake();
            System.out.println(socket.getSession().getProtocol());
            InputStream input = socket.getInputStream();
            byte[] bytes = new byte[4096];
            for (int read = input.read(bytes); read > 0; read = input.read(bytes)) {
                socket.getOutputStream().write(bytes, 0, read);
            }
        } catch (java.io.IOException error) {
            System.out.println("failed: " + error.getMessage());
        }
    }

    private static SSLParameters parameters(SSLParameters parameters) {
        parameters.setProtocols(System.getenv("PROTOCOLS").split(","));
        if (isSet("ENDPOINT")) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        return parameters;
    }

    private static SSLContext context() throws Exception {
        Map<String, String> settings = System.getenv();
        KeyManager[] keys = null;
        if (settings.containsKey("KEYSTORE")) {
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(open("KEYSTORE"), settings.get("KEYSTORE_PASSWORD").toCharArray());
            keys = factory.getKeyManagers();
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(open("TRUSTSTORE"));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, trust.getTrustManagers(), null);
        return context;
    }

    private static KeyStore open(String name) throws Exception {
        Map<String, String> settings = System.getenv();
        KeyStore store = KeyStore.getInstance(settings.get(name + "_TYPE"));
        try (FileInputStream input = new FileInputStream(settings.get(name))) {
            store.load(input, settings.get(name + "_PASSWORD").toCharArray());
        }
        return store;
    }

    private static boolean isSet(String name) {
        return "true".equals(System.getenv(name));
    }
}
