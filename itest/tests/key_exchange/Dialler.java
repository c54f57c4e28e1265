import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.util.HexFormat;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** Dials as a database node does, says the bytes that it is given, prints that they came back, and stays. */
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
            byte[] words = HexFormat.of().parseHex(arguments[4]);
            socket.getOutputStream().write(words);
            InputStream input = socket.getInputStream();
            byte[] echo = input.readNBytes(words.length);
            System.out.println(echo.length);
            System.in.read();
        }
    }

    private static KeyStore open(String file, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream input = new FileInputStream(file)) {
            store.load(input, password);
        }
        return store;
    }
}
