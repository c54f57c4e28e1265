import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;

/**
 * Makes what `dsetool createsystemkey` and `dsetool encryptconfigvalue` make, with Java's own ciphers.
 *
 * For each cipher and strength in turn: the line of a key file, then for each password that follows the
 * value, `TAB` between them.
 *
 * Arguments: CIPHER BITS PASSWORD...; several such lists are parted by `--`.
 */
public final class Vectors {
    public static void main(String[] arguments) throws Exception {
        int at = 0;
        while (at < arguments.length) {
            String transformation = arguments[at++];
            int bits = Integer.parseInt(arguments[at++]);
            KeyGenerator generator = KeyGenerator.getInstance(transformation.split("/")[0]);
            generator.init(bits);
            SecretKey key = generator.generateKey();
            StringBuilder line = new StringBuilder(transformation + ":" + bits + ":" + base64(key.getEncoded()));
            while (at < arguments.length && !arguments[at].equals("--")) {
                Cipher cipher = Cipher.getInstance(transformation);
                cipher.init(Cipher.ENCRYPT_MODE, key);
                byte[] vector = cipher.getIV() == null ? new byte[0] : cipher.getIV();
                byte[] body = cipher.doFinal(arguments[at++].getBytes(StandardCharsets.UTF_8));
                byte[] whole = new byte[vector.length + body.length];
                System.arraycopy(vector, 0, whole, 0, vector.length);
                System.arraycopy(body, 0, whole, vector.length, body.length);
                line.append('\t').append(base64(whole));
            }
            at++;
            System.out.println(line);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
