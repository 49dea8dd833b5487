"""A certificate that vouches for itself, as the customer port of a gateway shows one. Not on a board."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAYS = 730  # validity in the metering PKI


def self_signed(name: str) -> "tuple[bytes, bytes, str]":
    """(certificate, key, SHA-256 of the certificate in hex), the first two as PEM; a new key each time."""
    key = generate_private_key(SECP384R1())
    owner = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (x509.CertificateBuilder().subject_name(owner).issuer_name(owner).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=DAYS)).sign(key, SHA256()))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private, certificate.fingerprint(SHA256()).hex()
