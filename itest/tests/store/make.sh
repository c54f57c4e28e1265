# Keys, certificates and stores as keytool and OpenSSL make them; run in an empty folder.
exec 2>make.log
P=changeit

ca() { # NAME SUBJECT
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -subj "$2" -days 3650 \
    -addext keyUsage=critical,keyCertSign,cRLSign
}
leaf() { # NAME SUBJECT DAYS KEY ISSUER EXTENSIONS…
  local name=$1 subject=$2 days=$3 key=$4 issuer=$5
  shift 5
  printf '%s\n' "$@" >"$name.ext"
  openssl req -newkey $key -nodes -keyout "$name.key" -out "$name.csr" -subj "$subject"
  openssl x509 -req -in "$name.csr" -CA "$issuer.pem" -CAkey "$issuer.key" -CAcreateserial -days "$days" \
    -extfile "$name.ext" -out "$name.pem"
}
EC256='ec -pkeyopt ec_paramgen_curve:P-256'
EC384='ec -pkeyopt ec_paramgen_curve:P-384'
NODE='basicConstraints=CA:FALSE'
SIGNS='keyUsage=digitalSignature'
BOTH='extendedKeyUsage=serverAuth,clientAuth'
NAMES='subjectAltName=IP:10.0.0.1,DNS:n1.example'

ca root /O=Acme/CN=Root
ca stranger /O=Other/CN=Stranger
leaf mid /O=Acme/CN=Nodes 1800 "$EC256" root basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign
leaf n1 /O=Acme/CN=n1 365 rsa:2048 mid "$NODE" "$SIGNS" "$BOTH" "$NAMES"
leaf n2 /O=Acme/CN=n2 365 "$EC384" mid "$NODE" "$SIGNS" "$BOTH" "$NAMES"
leaf judge /CN=judge 365 rsa:2048 root "$NODE"
leaf server /CN=server 365 rsa:2048 root "$NODE" "$SIGNS" extendedKeyUsage=serverAuth "$NAMES"
leaf old /CN=old -1 rsa:2048 root "$NODE" "$BOTH" "$NAMES"
leaf mute /CN=mute 365 rsa:2048 root "$NODE" keyUsage=keyAgreement "$BOTH" "$NAMES"
leaf nameless /CN=nameless 365 rsa:2048 root "$NODE" "$BOTH"
cat mid.pem root.pem >above.pem
cat n1.pem above.pem >n1.chain
for name in judge server old mute nameless; do
  openssl pkcs12 -export -in $name.pem -inkey $name.key -certfile root.pem -name $name -passout pass:$P -out $name.p12
done
openssl pkcs12 -export -in n1.pem -inkey n1.key -name alone -passout pass:$P -out alone.p12
openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.pem -subj /CN=self -days 365 \
  -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=IP:10.0.0.1
openssl pkcs12 -export -in self.pem -inkey self.key -name self -passout pass:$P -out self.p12

# The twelve.
openssl pkcs12 -export -in n1.pem -inkey n1.key -certfile above.pem -name n1 -passout pass:$P -out openssl.p12
openssl pkcs12 -export -legacy -in n1.pem -inkey n1.key -certfile above.pem -name n1 -passout pass:$P -out openssl-legacy.p12
openssl pkcs12 -export -in n1.pem -inkey n1.key -certfile above.pem -name n1 -passout pass: -out nopass.p12
openssl pkcs12 -export -nokeys -in above.pem -passout pass:$P -out nokeys.p12
openssl pkcs12 -export -in n2.pem -inkey n2.key -certfile above.pem -name n2 -passout pass:$P -out n2.p12
import() { # FROM TO TYPE OPTIONS…
  local from=$1 to=$2 type=$3
  shift 3
  keytool "$@" -importkeystore -noprompt -srckeystore "$from" -srcstorepass $P -destkeystore "$to" -deststoretype "$type" -deststorepass $P
}
import openssl.p12 rsa.jks JKS
keytool -importkeystore -noprompt -srckeystore n2.p12 -srcstorepass $P -srcalias n2 -destkeystore ec.jks -deststoretype JKS \
  -deststorepass $P -destalias n2 -destkeypass other-secret
import n2.p12 ec.jceks JCEKS
import openssl.p12 keytool.p12 PKCS12
import openssl.p12 keytool-legacy.p12 PKCS12 -J-Dkeystore.pkcs12.legacy=true
{ openssl pkcs8 -topk8 -v2 aes-256-cbc -in n1.key -passout pass:$P && cat n1.chain; } >encrypted.pem
trust() { # STORE TYPE ALIAS FILE
  keytool -importcert -noprompt -alias "$3" -file "$4" -keystore "$1" -storetype "$2" -storepass $P
}
for type in jks pkcs12; do
  trust trust.$type $type nodes mid.pem
  trust trust.$type $type root root.pem
done
trust root-only.jks jks root root.pem
trust stranger.jks jks stranger stranger.pem
trust self.jks jks self self.pem
trust mute.jks jks mute mute.pem

printf '%s\n' '[ca]' 'default_ca=a' '[a]' 'database=db' 'crlnumber=number' 'default_md=sha256' '[v2]' \
  'authorityKeyIdentifier=keyid' >ca.cnf
: >db
echo 01 >number
openssl ca -config ca.cnf -keyfile mid.key -cert mid.pem -revoke n1.pem
openssl ca -config ca.cnf -keyfile mid.key -cert mid.pem -gencrl -crlexts v2 -crldays 9 -out mid.crl
chmod 600 ./*
