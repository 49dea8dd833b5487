#!/bin/sh
# Accounts and certificates for the broker. What is there already is left alone; new passwords are printed, once.
#
#   sh setup.sh [FOLDER [NAME ...]]
#
# FOLDER: where they are kept, /etc/mosquitto/hutschiene by default. NAMEs and addresses under which the broker is
# reached in the house are written into its certificate; this computer's own are always.
set -eu
umask 077
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
folder=${1:-/etc/mosquitto/hutschiene}
[ $# -eq 0 ] || shift
days=3650
for tool in openssl mosquitto_passwd; do
    command -v "$tool" >/dev/null || { echo "setup.sh: $tool is missing (Debian: apt install mosquitto openssl)" >&2; exit 1; }
done
mkdir -p "$folder"
cd "$folder"

key() {
    openssl ecparam -name prime256v1 -genkey -noout -out "$1"
}

# signed NAME SUBJECT EXTENSIONS: NAME.key and NAME.crt, by our CA
signed() {
    key "$1.key"
    openssl req -new -key "$1.key" -subj "/CN=$2" -out "$1.csr"
    printf '%s\n' "$3" "basicConstraints=CA:FALSE" "subjectKeyIdentifier=hash" "authorityKeyIdentifier=keyid" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days "$days" -extfile "$1.ext" -out "$1.crt" 2>/dev/null
    rm -f "$1.csr" "$1.ext"
}

if [ ! -f ca.crt ]; then
    key ca.key
    openssl req -x509 -new -key ca.key -subj "/CN=Hutschiene of $(hostname)" -days "$days" -out ca.crt \
        -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign
fi
if [ ! -f server.crt ]; then
    names="DNS:localhost,IP:127.0.0.1,DNS:$(hostname),DNS:$(hostname).local"
    for name in "$@"; do
        case $name in
        *[!0-9.]*) case $name in *:*) names="$names,IP:$name" ;; *) names="$names,DNS:$name" ;; esac ;;
        *) names="$names,IP:$name" ;;
        esac
    done
    signed server "$(hostname)" "subjectAltName=$names
extendedKeyUsage=serverAuth"
fi
[ -f hutschiene.crt ] || signed hutschiene hutschiene extendedKeyUsage=clientAuth
[ -f acl ] || cp "$here/acl" acl
touch passwords
cp passwords passwords.new
: >passwords.added
for account in hutschiene homeassistant owner installer viewer meters; do
    grep -q "^$account:" passwords && continue
    password=$(openssl rand -hex 12)
    echo "$account:$password" >>passwords.added
    echo "$account $password"
done
if [ -s passwords.added ]; then
    mosquitto_passwd -U passwords.added
    cat passwords.added >>passwords.new
    mv passwords.new passwords
fi
rm -f passwords.added passwords.new
if getent group mosquitto >/dev/null; then
    chgrp mosquitto . acl passwords ca.crt server.crt server.key
    chmod 750 .
    chmod 640 acl passwords ca.crt server.crt server.key
fi
chmod 644 ca.crt
