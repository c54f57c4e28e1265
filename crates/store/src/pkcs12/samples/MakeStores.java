import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;

/** Stores that keytool does not make: with Java's own classes, and odd in one way each. */
class MakeStores {
    static final char[] STORE = "changeit".toCharArray();

    public static void main(String[] arguments) throws Exception {
        KeyStore source = KeyStore.getInstance("PKCS12");
        try (FileInputStream file = new FileInputStream("openssl.p12")) {
            source.load(file, STORE);
        }
        Key key = source.getKey("node1", STORE);
        Certificate[] chain = source.getCertificateChain("node1");

        KeyStore other = empty("PKCS12");
        other.setKeyEntry("node1", key, "secret of its own".toCharArray(), chain);
        save(other, "java-key-password.p12", STORE);

        KeyStore otherJks = empty("JKS");
        otherJks.setKeyEntry("node1", key, "secret of its own".toCharArray(), chain);
        save(otherJks, "java-key-password.jks", STORE);

        KeyStore two = empty("PKCS12");
        two.setKeyEntry("one", key, STORE, chain);
        two.setKeyEntry("two", key, "secret of its own".toCharArray(), chain);
        save(two, "java-two-passwords.p12", STORE);

        KeyStore trust = empty("PKCS12");
        trust.setCertificateEntry("a", chain[1]);
        trust.setCertificateEntry("b", chain[2]);
        trust.setCertificateEntry("again", chain[2]);
        save(trust, "java-empty-password.p12", new char[0]);
    }

    static KeyStore empty(String type) throws Exception {
        KeyStore store = KeyStore.getInstance(type);
        store.load(null, null);
        return store;
    }

    static void save(KeyStore store, String name, char[] password) throws Exception {
        try (OutputStream file = new FileOutputStream(name)) {
            store.store(file, password);
        }
    }
}
