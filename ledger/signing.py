"""The signature on our documents: PAdES B-B over the whole file, by a key of the deployment; and who signed a file.

The key (P-256) and its certificate are made at first use; the certificate is self-signed, for ten years, and names the
host. An operator who holds a qualified certificate puts it in their place, as PEM files or as PKCS#12. The signature
shows no picture: a picture is what a forger copies, and the paper says in words how it is checked.

A file of somebody else is never parsed here. Its signatures are found by their byte ranges, the bytes are digested, and
only what a key of ours signed is opened (``attached``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import new as new_digest
from hashlib import sha256
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ledger.keys import KeysUnsafe, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from ledger.keys import Keys

KEY: Final = "document.key.pem"
CERTIFICATE: Final = "document.cert.pem"
PKCS12: Final = "document.p12"
PASSPHRASE: Final = "document.p12.passphrase"  # noqa: S105 - the name of the file that holds it

YEARS: Final = 10
FIELD: Final = "Issuer"
MOST_SIGNATURES: Final = 8
"""Signatures of a file that are looked at: ours have one."""

MOST_CMS: Final = 64 << 10
"""Bytes of a signature, its certificates included."""

DIGESTS: Final = frozenset({"sha256", "sha384", "sha512"})
NAMES_SHOWN: Final = 120

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]")
_HEX = re.compile(rb"<[0-9A-Fa-f]*>")
_LONG_FORM: Final = 0x80
_SEQUENCE: Final = 0x30


class SignerUnfit(ValueError):
    """The key or certificate for documents cannot sign; the sentence says what to do."""


class NoSignature(ValueError):
    """A file without a signature that can be looked at."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that is attached to a document: name, media type, what it is, its bytes."""

    name: str
    media_type: str
    about: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs the documents of a deployment. The key is never shown by ``repr``."""

    host: str
    certificate: bytes  # DER
    chain: tuple[bytes, ...]  # DER of the certificates above it
    key: bytes  # PKCS#8, DER

    def __repr__(self) -> str:
        return f"Signer({self.host!r}, {self.fingerprint})"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return sha256(self.certificate).hexdigest()

    def sign(self, pdf: bytes, files: Sequence[File], reason: str, at: datetime) -> bytes:
        """The document with its attachments, certified against any change (DocMDP 1), PAdES B-B.

        ``at`` is what the signature says of its time; nobody else vouches for it. ``SignerUnfit`` where the certificate
        is not valid then.
        """
        from asn1crypto import keys, x509
        from pyhanko.pdf_utils.embed import EmbeddedFileObject, EmbeddedFileParams, FileSpec, embed_file
        from pyhanko.pdf_utils.generic import pdf_name
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import PdfSignatureMetadata, SimpleSigner
        from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
        from pyhanko_certvalidator.registry import SimpleCertificateStore

        own = x509.Certificate.load(self.certificate)
        if not own.not_valid_before <= at <= own.not_valid_after:
            message = (
                f"The certificate that signs documents is valid from {own.not_valid_before:%Y-%m-%d} to "
                f"{own.not_valid_after:%Y-%m-%d}. Put a new one in its place ({CERTIFICATE}, {KEY})."
            )
            raise SignerUnfit(message)
        registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        registry.register_multiple(map(x509.Certificate.load, self.chain))
        signer = SimpleSigner(own, keys.PrivateKeyInfo.load(self.key), registry)
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        for file in files:
            params = EmbeddedFileParams(embed_size=True, embed_checksum=False)
            held = EmbeddedFileObject.from_file_data(writer, file.data, params=params, mime_type=file.media_type)
            spec = FileSpec(file.name, file.name, held, file.about, pdf_name("/Data"))
            embed_file(writer, spec)
        said = PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            name=self.host,
            location=self.host,
            reason=reason,
        )
        out: BytesIO = _at(at)(said, signer).sign_pdf(writer, bytes_reserved=self._reserved())
        return out.getvalue()

    def _reserved(self) -> int:
        """Hexadecimal digits kept free for the signature: certificates, an RSA signature at the most, attributes."""
        return 2 * (2048 + len(self.certificate) + sum(map(len, self.chain)))


def _at(at: datetime) -> Any:
    """PyHanko's signer, by our clock."""
    from pyhanko.sign.signers.pdf_signer import PdfSigner

    class Timed(PdfSigner):
        def init_signing_session(self, *args: Any, **values: Any) -> Any:
            session = super().init_signing_session(*args, **values)
            session.system_time = at
            return session

    return Timed


# --- the deployment's key ---


def signer_of(keys: Keys, host: str, now: int) -> Signer:
    """The deployment's signer: what the operator put into the folder of keys, or a key made now (UTC milliseconds).

    PKCS#12 (``document.p12``, its passphrase in ``document.p12.passphrase``) goes before PEM. ``KeysUnsafe`` for a file
    that others can read, ``SignerUnfit`` for one that cannot be used.
    """
    from cryptography.hazmat.primitives.serialization import pkcs12

    packed = keys.document_bytes(PKCS12)
    if packed is not None:
        passphrase = keys.document_bytes(PASSPHRASE)
        try:
            held = pkcs12.load_pkcs12(packed, passphrase.strip() if passphrase is not None else None)
        except ValueError:
            message = f"{PKCS12} cannot be opened: write its passphrase into {PASSPHRASE}, mode 600."
            raise SignerUnfit(message) from None
        if held.key is None or held.cert is None:
            message = f"{PKCS12} must hold a key and its certificate."
            raise SignerUnfit(message)
        return _signer(host, held.key, held.cert.certificate, [item.certificate for item in held.additional_certs])
    return _from_pem(keys, host, now)


def _from_pem(keys: Keys, host: str, now: int) -> Signer:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    if keys.document_bytes(KEY) is None:
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _first(keys.document_file(KEY), pem)
    try:
        key = load_pem_private_key(_held(keys, KEY), None)
    except (ValueError, TypeError):
        message = f"{KEY} must hold a private key as PEM, without a passphrase."
        raise SignerUnfit(message) from None
    if keys.document_bytes(CERTIFICATE) is None:
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            message = f"{CERTIFICATE} is missing: put the certificate of {KEY} beside it."
            raise SignerUnfit(message)
        certificate = _self_signed(host, key, datetime.fromtimestamp(now / 1000, UTC))
        _first(keys.document_file(CERTIFICATE), certificate.public_bytes(Encoding.PEM))
    try:
        own, *above = x509.load_pem_x509_certificates(_held(keys, CERTIFICATE))
    except ValueError:
        message = f"{CERTIFICATE} must hold a certificate as PEM, and below it those above it."
        raise SignerUnfit(message) from None
    return _signer(host, key, own, above)


def _held(keys: Keys, name: str) -> bytes:
    data = keys.document_bytes(name)
    if data is None:
        message = f"{name} is gone from {keys.folder}."
        raise KeysUnsafe(message)
    return data


def _first(path: Path, data: bytes) -> None:
    """Write a file unless another process wrote it first: whoever comes second uses what is there."""
    draft = path.with_name(f".{path.name}.{sha256(data).hexdigest()[:16]}")
    write_private(draft, data)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _self_signed(host: str, key: Any, now: datetime) -> x509.Certificate:
    """A certificate that names the host and can sign documents (RFC 9336), for ten years."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import NameOID

    named = host.partition("://")[2] or host
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, named[:64]),
                      x509.NameAttribute(NameOID.COMMON_NAME, named[:64])])  # fmt: skip
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS + YEARS // 4))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


def _signer(host: str, key: PrivateKeyTypes, own: x509.Certificate, above: Sequence[x509.Certificate]) -> Signer:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        message = "The key that signs documents must be an EC key (P-256) or an RSA key."
        raise SignerUnfit(message)
    if key.public_key() != own.public_key():
        message = f"The certificate that signs documents is not that of its key ({CERTIFICATE}, {KEY})."
        raise SignerUnfit(message)
    return Signer(
        host,
        own.public_bytes(Encoding.DER),
        tuple(item.public_bytes(Encoding.DER) for item in above),
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    )


# --- who signed a file ---


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature in a file: over how many bytes from the first on, whether it holds, and whose it is."""

    until: int
    holds: bool
    certificate: bytes  # DER; empty where the signature names none

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return sha256(self.certificate).hexdigest()

    @property
    def name(self) -> str:
        """Whom the certificate names; nobody vouches for that but whoever signed the certificate."""
        from asn1crypto import x509

        try:
            said = str(x509.Certificate.load(self.certificate).subject.human_friendly)
        except (ValueError, TypeError):
            return "?"
        return "".join(one for one in said if one.isprintable())[:NAMES_SHOWN] or "?"


def signatures(data: bytes) -> tuple[Signed, ...]:
    """The signatures of a PDF in the order of the file, each digested and verified against its own certificate.

    The file is not parsed: a byte range begins at 0, leaves out exactly the signature itself (``<hexadecimal digits>``)
    and may end before the file does. ``NoSignature`` where there is none, or more than ``MOST_SIGNATURES``. Whether a
    key is trusted is the caller's question.
    """
    found = list(islice(_RANGE.finditer(data), MOST_SIGNATURES + 1))
    if not found:
        message = "the file carries no signature"
        raise NoSignature(message)
    if len(found) > MOST_SIGNATURES:
        message = f"the file carries more than {MOST_SIGNATURES} signatures"
        raise NoSignature(message)
    return tuple(_signed(data, *map(int, match.groups()), at=match.start()) for match in found)


def _signed(data: bytes, start: int, gap: int, after: int, rest: int, *, at: int) -> Signed:
    until = after + rest
    if start != 0 or not gap < after <= until <= len(data) or gap <= at < after:
        return Signed(min(until, len(data)), holds=False, certificate=b"")
    held = data[gap:after]
    if len(held) > 2 * MOST_CMS or not _HEX.fullmatch(held):
        return Signed(until, holds=False, certificate=b"")
    try:
        raw = _der(bytes.fromhex(held[1:-1].decode()))
        return _verified(raw, data, gap, after, until)
    except Exception:  # noqa: BLE001 - whatever a stranger's bytes do to a parser, they hold no signature
        return Signed(until, holds=False, certificate=b"")


def _der(padded: bytes) -> bytes:
    """The one DER value at the beginning; what is left of the room kept for it is zeros, or ``ValueError``."""
    if len(padded) < 2 or padded[0] != _SEQUENCE:  # noqa: PLR2004
        message = "no DER sequence"
        raise ValueError(message)
    size, head = padded[1], 2
    if size >= _LONG_FORM:
        count = size - _LONG_FORM
        size, head = int.from_bytes(padded[2 : 2 + count], "big"), 2 + count
    if any(padded[head + size :]) or head + size > len(padded):
        message = "something stands behind the signature"
        raise ValueError(message)
    return padded[: head + size]


def _verified(raw: bytes, data: bytes, gap: int, after: int, until: int) -> Signed:
    """RFC 5652 5.6 and EN 319 142-1 5: one signer, detached, its certificate bound into what it signed."""
    from asn1crypto import cms
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity

    content = cms.ContentInfo.load(raw, strict=True)
    if content["content_type"].native != "signed_data":
        message = "not a signature"
        raise ValueError(message)
    inner = content["content"]
    (signer,) = inner["signer_infos"]
    if inner["encap_content_info"]["content"].native is not None:
        message = "the signature holds its own content"
        raise ValueError(message)
    wanted = signer["sid"].chosen
    own = next(
        item.chosen
        for item in inner["certificates"]
        if item.chosen.issuer == wanted["issuer"] and item.chosen.serial_number == wanted["serial_number"].native
    )
    certificate: bytes = own.dump()
    algorithm = signer["digest_algorithm"]["algorithm"].native
    bound = [
        attribute["values"][0]["certs"][0]["cert_hash"].native
        for attribute in signer["signed_attrs"]
        if attribute["type"].native == "signing_certificate_v2"
    ]
    if algorithm not in DIGESTS or bound != [sha256(certificate).digest()]:
        return Signed(until, holds=False, certificate=certificate)
    digest = new_digest(algorithm)
    view = memoryview(data)
    digest.update(view[:gap])
    digest.update(view[after:until])
    intact, valid = validate_sig_integrity(signer, own, "data", digest.digest())
    return Signed(until, holds=intact and valid, certificate=certificate)


def attached(data: bytes) -> Mapping[str, bytes]:
    """The files attached to a document that a key of ours signed, by name. Of others' files never ask."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(BytesIO(data))
    names = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
    return {str(names[at]): bytes(names[at + 1]["/EF"]["/F"].data) for at in range(0, len(names), 2)}
