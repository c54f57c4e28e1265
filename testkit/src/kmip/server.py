"""A KMIP server on 127.0.0.1 with the objects that the tests ask for.

Arguments: PORT FOLDER SUITES, where SUITES may be empty, and FOLDER has server.crt, server.key, ca.crt, client.crt and client.key.
It says `ready` on standard output once the objects are there, and serves until it is killed.
"""

import binascii
import multiprocessing
import os
import ssl
import sys
import time

from kmip.core import enums
from kmip.pie import client, objects
from kmip.services.server import KmipServer

PORT, FOLDER, SUITES = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def path(name):
    return os.path.join(FOLDER, name)


def serve():
    # Only who registers the objects speaks on standard output, and ends it by ending.
    os.dup2(2, 1)
    server = KmipServer(
        hostname="127.0.0.1",
        port=PORT,
        certificate_path=path("server.crt"),
        key_path=path("server.key"),
        ca_path=path("ca.crt"),
        auth_suite="TLS1.2",
        config_path=None,
        tls_cipher_suites=SUITES,
        log_path=path("server.log"),
        policy_path="",
        enable_tls_client_auth=True,
        logging_level="INFO",
        database_path=path("server.db"),
    )
    with server:
        server.serve()


def wrap_with_any_suite(context, *arguments, strict=ssl.SSLContext.wrap_socket, **options):
    """Offers what Python's own list leaves out: RSA key exchange."""
    context.set_ciphers("ALL")
    return strict(context, *arguments, **options)


def connected():
    """A client of the server, once that listens."""
    ssl.SSLContext.wrap_socket = wrap_with_any_suite
    for _ in range(150):
        found = client.ProxyKmipClient(
            hostname="127.0.0.1",
            port=PORT,
            cert=path("client.crt"),
            key=path("client.key"),
            ca=path("ca.crt"),
            ssl_version="PROTOCOL_TLSv1_2",
            config_file=os.devnull,
        )
        try:
            found.open()
            return found
        except OSError:
            time.sleep(0.1)
    raise OSError("the server does not listen")


def symmetric(name, value):
    masks = [enums.CryptographicUsageMask.ENCRYPT, enums.CryptographicUsageMask.DECRYPT]
    aes = enums.CryptographicAlgorithm.AES
    return objects.SymmetricKey(aes, 8 * len(value), value, masks, name)


def register():
    with_objects = connected()
    key = binascii.unhexlify("000102030405060708090a0b0c0d0e0f")
    first = with_objects.register(symmetric("dse-key", key))
    with_objects.register(symmetric("twice", key))
    with_objects.register(symmetric("twice", key))
    password = objects.SecretData(b"hunter2", enums.SecretDataType.PASSWORD, name="password")
    with_objects.register(password)
    with_objects.close()
    print("ready", first, flush=True)


def main():
    process = multiprocessing.Process(target=serve)
    process.start()
    try:
        register()
    except BaseException:
        # Else this would wait for the server, which never ends by itself.
        process.kill()
        raise
    process.join()


if __name__ == "__main__":
    main()
