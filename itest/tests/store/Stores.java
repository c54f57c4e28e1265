import java.io.FileInputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.util.Collections;
import java.util.HexFormat;
import java.util.TreeSet;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** What Java makes of stores, for many of them in one virtual machine: one line in, one line out. */
class Stores {
    public static void main(String[] arguments) throws Exception {
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            String[] words = line.split("\t");
            String answer;
            try {
                answer = switch (words[0]) {
                    case "show" -> show(words[1], words[2], words[3]);
                    case "handshake" -> handshake(words);
                    default -> throw new IllegalArgumentException(words[0]);
                };
            } catch (Exception error) {
                answer = "ERROR " + words(error);
            }
            System.out.println(answer.replace("\n", " "));
        }
    }

    /** Entries by name, with the hashes of their keys and certificates, and the number of anchors. */
    static String show(String file, String type, String password) throws Exception {
        KeyStore store = load(file, type, password);
        StringBuilder text = new StringBuilder();
        for (String alias : new TreeSet<>(Collections.list(store.aliases()))) {
            text.append(alias).append('=');
            if (store.isKeyEntry(alias)) {
                Key key = store.getKey(alias, password.toCharArray());
                text.append("key:").append(hash(key.getEncoded()));
                for (Certificate certificate : store.getCertificateChain(alias)) {
                    text.append('+').append(hash(certificate.getEncoded()));
                }
            } else {
                text.append("anchor:").append(hash(store.getCertificate(alias).getEncoded()));
            }
            text.append(' ');
        }
        return text + "anchors=" + anchors(store);
    }

    static int anchors(KeyStore store) throws Exception {
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        int keys = 0;
        for (String alias : Collections.list(store.aliases())) {
            keys += store.isKeyEntry(alias) ? 1 : 0;
        }
        X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
        return manager.getAcceptedIssuers().length - keys;
    }

    /** handshake ROLE KEYSTORE TYPE PASSWORD TRUSTSTORE TYPE PASSWORD ADDRESS-OR-DASH */
    static String handshake(String[] words) throws Exception {
        SSLContext own = context(load(words[2], words[3], words[4]), words[4], null);
        SSLContext judge = context(null, null, load(words[5], words[6], words[7]));
        boolean server = words[1].equals("server");
        SSLEngine node = own.createSSLEngine();
        SSLEngine peer = judge.createSSLEngine(words[8].equals("-") ? null : words[8], 7000);
        node.setUseClientMode(!server);
        peer.setUseClientMode(server);
        peer.setNeedClientAuth(!server);
        if (!words[8].equals("-")) {
            SSLParameters parameters = peer.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            peer.setSSLParameters(parameters);
        }
        run(node, peer);
        return "accepted";
    }

    /** A peer that is only to judge has a key of its own, which the node believes without a look. */
    static SSLContext context(KeyStore own, String password, KeyStore trust) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        TrustManagerFactory anchors = TrustManagerFactory.getInstance("PKIX");
        SSLContext context = SSLContext.getInstance("TLSv1.2");
        if (own != null) {
            keys.init(own, password.toCharArray());
            context.init(keys.getKeyManagers(), new X509TrustManager[] {new Believer()}, null);
        } else {
            KeyStore judge = load("judge.p12", "PKCS12", "changeit");
            keys.init(judge, "changeit".toCharArray());
            anchors.init(trust);
            context.init(keys.getKeyManagers(), anchors.getTrustManagers(), null);
        }
        return context;
    }

    static void run(SSLEngine one, SSLEngine other) throws Exception {
        ByteBuffer forth = ByteBuffer.allocate(1 << 16);
        ByteBuffer back = ByteBuffer.allocate(1 << 16);
        one.beginHandshake();
        other.beginHandshake();
        for (int steps = 0; steps < 100 && !(idle(one) && idle(other)); steps++) {
            step(one, back, forth);
            step(other, forth, back);
        }
        if (!idle(one) || !idle(other)) {
            throw new IllegalStateException("the handshake does not end");
        }
    }

    static boolean idle(SSLEngine engine) {
        return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
    }

    static void step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws Exception {
        ByteBuffer plain = ByteBuffer.allocate(1 << 16);
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> engine.getDelegatedTask().run();
                case NEED_WRAP -> engine.wrap(ByteBuffer.allocate(0), out);
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    in.flip();
                    int before = in.remaining();
                    engine.unwrap(in, plain);
                    boolean stuck = before == in.remaining();
                    in.compact();
                    if (stuck && engine.getHandshakeStatus() != HandshakeStatus.NEED_TASK) {
                        return;
                    }
                }
                default -> {
                    return;
                }
            }
        }
    }

    static KeyStore load(String file, String type, String password) throws Exception {
        KeyStore store = KeyStore.getInstance(type);
        try (FileInputStream in = new FileInputStream(file)) {
            store.load(in, password.toCharArray());
        }
        return store;
    }

    static String hash(byte[] bytes) throws Exception {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
        return HexFormat.of().formatHex(hash, 0, 8);
    }

    static String words(Throwable error) {
        StringBuilder text = new StringBuilder();
        for (; error != null; error = error.getCause()) {
            text.append(error.getMessage()).append(" / ");
        }
        return text.toString();
    }

    /** Believes everybody: it is the other end that is tested. */
    static class Believer extends javax.net.ssl.X509ExtendedTrustManager implements X509TrustManager {
        public void checkClientTrusted(java.security.cert.X509Certificate[] c, String a) {}
        public void checkServerTrusted(java.security.cert.X509Certificate[] c, String a) {}
        public void checkClientTrusted(java.security.cert.X509Certificate[] c, String a, java.net.Socket s) {}
        public void checkServerTrusted(java.security.cert.X509Certificate[] c, String a, java.net.Socket s) {}
        public void checkClientTrusted(java.security.cert.X509Certificate[] c, String a, SSLEngine e) {}
        public void checkServerTrusted(java.security.cert.X509Certificate[] c, String a, SSLEngine e) {}
        public java.security.cert.X509Certificate[] getAcceptedIssuers() {
            return new java.security.cert.X509Certificate[0];
        }
    }
}
