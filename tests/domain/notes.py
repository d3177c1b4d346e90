"""Notes that others signed, and a small log of our own with two witnesses, by name for every test of formats."""

from __future__ import annotations

import base64
import random
from hashlib import sha256

from domain.merkle import inclusion_proof, leaf_hash, nodes_of_leaves, root_of
from domain.note import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    Note,
    Policy,
    Proof,
    SignerKey,
    commitment,
    cosign,
    parse_key,
    sign_note,
)

# c2sp.org/signed-note, Example.
SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    b"This is an example message.\n\n"
    b"\xe2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

# golang.org/x/mod/sumdb/note, package documentation: secret key, verifier key and note.
GO_SECRET = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = f"{GO_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

# c2sp.org/tlog-cosignature, the example at the top (its keys are not given).
SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""

# A checkpoint of a log that others run, seen by four witnesses of the public witness network; one of its signatures is
# of a type that we do not know (0x05). From the tests of a witness (remora.n621.de).
ARCHE = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
"""
ARCHE_LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
ARCHE_WITNESSES = (
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
)
ARCHE_POLICY = Policy(
    "arche2025h1.staging.ct.transparency.dev",
    (parse_key(ARCHE_LOG),),
    tuple(map(parse_key, ARCHE_WITNESSES)),
    4,
)

ORIGIN = "log.example.org/2026"
LOG = SignerKey(ORIGIN, ED25519, sha256(b"log").digest())
WITNESSES = tuple(SignerKey(f"witness{n}.example", COSIGNATURE, sha256(b"witness %d" % n).digest()) for n in (1, 2))
POLICY = Policy(ORIGIN, (LOG.verifier,), tuple(witness.verifier for witness in WITNESSES), 2)
TIME = 1_795_000_000

EVENTS = [f'{{"id":"{number}","type":"received"}}'.encode() for number in range(600)]
SALTS = [sha256(b"salt %d" % number).digest() for number in range(600)]
LEAVES = [leaf_hash(commitment(salt, event)) for salt, event in zip(SALTS, EVENTS, strict=True)]


def checkpoint(size: int, witnesses: tuple[SignerKey, ...] = WITNESSES) -> bytes:
    text = str(Checkpoint(ORIGIN, size, root_of(LEAVES[:size])))
    lines = tuple(cosign(text, witness, TIME + 60 * at) for at, witness in enumerate(witnesses))
    return bytes(Note(text, sign_note(text, LOG).signatures + lines))


def proof(index: int, size: int) -> bytes:
    hashes = tuple(inclusion_proof(index, size, nodes_of_leaves(LEAVES[:size])))
    return bytes(Proof(index, hashes, checkpoint(size), SALTS[index]))


def spoilt_bytes(data: bytes, rng: random.Random) -> bytes:
    """Other bytes: a bit flipped, a byte dropped, doubled or exchanged, a line dropped, doubled or moved, cut off."""
    while True:
        at, kind = rng.randrange(len(data)), rng.randrange(9)
        lines = data.split(b"\n")
        line = rng.randrange(len(lines))
        match kind:
            case 0:
                spoilt = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
            case 1:
                spoilt = data[:at] + data[at + 1 :]
            case 2:
                spoilt = data[: at + 1] + data[at:]
            case 3:
                spoilt = (
                    data[:at] + rng.choice([b"\r", b"\n", b" ", b"\x0b", b"\xc2\x85", b"=", b"\t", b"\0"]) + data[at:]
                )
            case 4:
                spoilt = data[:at]
            case 5:
                spoilt = b"\n".join(lines[:line] + lines[line + 1 :])
            case 6:
                spoilt = b"\n".join(lines[: line + 1] + lines[line:])
            case 7:
                other = rng.randrange(len(lines))
                lines[line], lines[other] = lines[other], lines[line]
                spoilt = b"\n".join(lines)
            case _:
                spoilt = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        if spoilt != data:
            return spoilt
