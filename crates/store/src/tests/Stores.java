import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;

/**
 * Does with Java's own keystores what the tests ask for, many commands in one virtual machine. A
 * command is one line of the file that is named, its words separated by tabs; `-` is no password.
 */
class Stores {
    public static void main(String[] args) throws Exception {
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            String[] words = line.split("\t", -1);
            String[] rest = List.of(words).subList(1, words.length).toArray(new String[0]);
            switch (words[0]) {
                case "keytool" -> sun.security.tools.keytool.Main.main(rest);
                case "show" -> show(rest[0], rest[1], password(rest[2]), password(rest[3]));
                case "copy" -> copy(rest[0], rest[1], rest[2], rest[3], rest[4]);
                case "tripledes" -> tripleDes(rest[0], rest[1], Integer.parseInt(rest[2]), rest[3]);
                default -> throw new IllegalArgumentException(line);
            }
        }
    }

    /** Prints every entry: its kind, name, time, and the SHA-256 of its key and certificates. */
    static void show(String type, String file, char[] store, char[] key) throws Exception {
        System.out.println("# " + file);
        KeyStore opened = KeyStore.getInstance(type);
        try (FileInputStream in = new FileInputStream(file)) {
            opened.load(in, store);
        } catch (Exception e) {
            System.out.println("fails " + e.getMessage());
            return;
        }
        List<String> names = Collections.list(opened.aliases());
        for (String name : names.stream().sorted().toList()) {
            StringBuilder text = new StringBuilder();
            if (opened.isCertificateEntry(name)) {
                text.append("certificate");
            } else if (opened.getCertificateChain(name) == null) {
                text.append("secret");
            } else {
                text.append("key");
            }
            text.append(' ').append(HexFormat.of().formatHex(name.getBytes("UTF-8")));
            text.append(' ').append(opened.getCreationDate(name).getTime());
            if (opened.isKeyEntry(name)) {
                try {
                    Key found = opened.getKey(name, key);
                    text.append(' ').append(hash(found.getEncoded()));
                } catch (Exception e) {
                    text.append(" fails ").append(e.getMessage());
                }
            }
            Certificate[] chain = opened.getCertificateChain(name);
            if (chain == null && opened.getCertificate(name) != null) {
                chain = new Certificate[] {opened.getCertificate(name)};
            }
            for (int at = 0; chain != null && at < chain.length; at++) {
                text.append(' ').append(hash(chain[at].getEncoded()));
            }
            System.out.println(text);
        }
    }

    /** Adds the one key of a store to another under a name of any letters. */
    static void copy(String from, String type, String to, String password, String name)
            throws Exception {
        KeyStore source = KeyStore.getInstance(type);
        source.load(new FileInputStream(from), password.toCharArray());
        String old = source.aliases().nextElement();
        KeyStore target = KeyStore.getInstance(type);
        target.load(null, null);
        char[] other = "pässwörd-€".toCharArray();
        Key key = source.getKey(old, password.toCharArray());
        target.setKeyEntry(name, key, other, source.getCertificateChain(old));
        try (FileOutputStream out = new FileOutputStream(to)) {
            target.store(out, other);
        }
    }

    /** Encrypts as JCEKS does. Salt and text are hexadecimal. */
    static void tripleDes(String password, String salt, int count, String text) throws Exception {
        String name = "PBEWithMD5AndTripleDES";
        PBEKeySpec spec = new PBEKeySpec(password.toCharArray());
        Cipher cipher = Cipher.getInstance(name);
        var key = SecretKeyFactory.getInstance(name).generateSecret(spec);
        byte[] bytes = HexFormat.of().parseHex(salt);
        cipher.init(Cipher.ENCRYPT_MODE, key, new PBEParameterSpec(bytes, count));
        byte[] plain = HexFormat.of().parseHex(text);
        System.out.println(HexFormat.of().formatHex(cipher.doFinal(plain)));
    }

    static char[] password(String word) {
        return word.equals("-") ? null : word.toCharArray();
    }

    static String hash(byte[] bytes) throws Exception {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
        return HexFormat.of().formatHex(hash, 0, 8);
    }
}
