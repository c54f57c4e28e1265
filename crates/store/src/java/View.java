import java.io.FileInputStream;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.PKIXParameters;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Prints what this JVM has after loading each store: its private keys and trust anchors. The
 * arguments are triples of file, type and password, where "null" is null and "=x" is x.
 */
class View {
    public static void main(String[] arguments) throws Exception {
        for (int i = 0; i < arguments.length; i += 3) {
            String password = arguments[i + 2];
            char[] characters = password.equals("null") ? null : password.substring(1).toCharArray();
            System.out.println(view(arguments[i], arguments[i + 1], characters));
        }
    }

    static String view(String file, String type, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance(type);
        try (FileInputStream stream = new FileInputStream(file)) {
            store.load(stream, password);
        } catch (Exception error) {
            return "0 0";
        }
        return keys(store, password) + " " + anchors(store);
    }

    /** What a KeyManagerFactory has to choose from. */
    static int keys(KeyStore store, char[] password) throws Exception {
        KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
        try {
            factory.init(store, password);
        } catch (UnrecoverableKeyException error) {
            return 0;
        }
        int keys = 0;
        for (String alias : Collections.list(store.aliases())) {
            Certificate[] chain = store.getCertificateChain(alias);
            if (store.isKeyEntry(alias) && chain != null && chain.length > 0
                    && store.getKey(alias, password) instanceof PrivateKey) {
                keys++;
            }
        }
        return keys;
    }

    /** What PKIX has, compared with what a TrustManagerFactory says. */
    static int anchors(KeyStore store) throws Exception {
        int anchors;
        try {
            anchors = new PKIXParameters(store).getTrustAnchors().size();
        } catch (InvalidAlgorithmParameterException error) {
            anchors = 0;
        }
        Set<Certificate> expected = new HashSet<>();
        int entries = 0;
        for (String alias : Collections.list(store.aliases())) {
            if (store.isCertificateEntry(alias)) {
                entries++;
                expected.add(store.getCertificate(alias));
            } else if (store.isKeyEntry(alias) && store.getCertificateChain(alias) != null) {
                expected.add(store.getCertificateChain(alias)[0]);
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
        if (entries != anchors || manager.getAcceptedIssuers().length != expected.size()) {
            throw new AssertionError(entries + ", " + anchors + ", " + expected.size());
        }
        return anchors;
    }
}
