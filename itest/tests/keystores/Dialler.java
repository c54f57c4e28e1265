import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** Dials as a database node does: with JSSE's own managers over two JKS stores. Prints the echo of one line. */
public final class Dialler {
    public static void main(String[] arguments) throws Exception {
        char[] password = System.getenv("PASSWORD").toCharArray();
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(open(arguments[2], password), password);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(open(arguments[3], password));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        int port = Integer.parseInt(arguments[1]);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(arguments[0], port)) {
            socket.setEnabledProtocols(new String[] {arguments[4]});
            socket.getOutputStream().write("over JSSE\n".getBytes(StandardCharsets.UTF_8));
            InputStream input = socket.getInputStream();
            System.out.println(new BufferedReader(new InputStreamReader(input, StandardCharsets.UTF_8)).readLine());
        }
    }

    private static KeyStore open(String file, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance("JKS");
        try (FileInputStream input = new FileInputStream(file)) {
            store.load(input, password);
        }
        return store;
    }
}
