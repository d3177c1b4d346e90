"""The developer's commands: ``python3 dev.py setup|demo|fraud|test|check|bench|damage|serve|lock``.

Standard library only, Python 3.11 or newer. Builds ``.venv`` from the hash-locked requirements (uv if it is there,
else pip), then runs the command in it. Everything after the verb is passed on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")
STAMP = VENV / "filiere.stamp"
COMMAND = "import sys; sys.argv[0] = 'filiere'; from api.cli import main; main()"
RUNTIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"

CHECKS = {
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "rooms": ["-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"],
}


def say(text: str) -> None:
    """Talk goes to standard error."""
    print(text, file=sys.stderr, flush=True)


def setup(lock: str) -> None:
    """Build ``.venv`` from a lock, unless it already stands on it (a development environment can run all)."""
    wanted = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in (RUNTIME, DEVELOPMENT)}
    standing = STAMP.read_text("utf-8").splitlines() if STAMP.exists() and PYTHON.exists() else []
    if any(standing == [name, wanted[name], str(ROOT)] for name in (lock, DEVELOPMENT)):
        return
    began = time.monotonic()
    uv = shutil.which("uv")
    if not PYTHON.exists() or not (uv or _has_pip()):  # uv builds environments without pip
        say("Building .venv …")
        _environment(uv)
    say(f"Installing from {lock} with {'uv' if uv else 'pip'} …")
    if uv:
        install = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    else:
        install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*install, "--require-hashes", "-r", lock])
    _command()
    STAMP.write_text(f"{lock}\n{wanted[lock]}\n{ROOT}\n", "utf-8")
    say(f"Ready after {time.monotonic() - began:.0f} s.")


def _has_pip() -> bool:
    return subprocess.run([str(PYTHON), "-c", "import pip"], check=False, capture_output=True).returncode == 0


def _environment(uv: str | None) -> None:
    made = subprocess.run(
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)]
        if uv
        else [sys.executable, "-m", "venv", "--clear", str(VENV)],
        check=False,
    )
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit("This Python cannot build a virtual environment. On Debian and Ubuntu: apt install python3-venv")


def _command() -> None:
    """The command ``filiere``: this folder's code, whatever folder it is called in (``-P``: that folder has no say)."""
    where = [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.check_output(where, text=True).strip())
    (packages / "filiere.pth").write_text(f"{ROOT}\n", "utf-8")
    if WINDOWS:
        (BIN / "filiere.cmd").write_text(f'@"{PYTHON}" -P -c "{COMMAND}" %*\r\n', "utf-8")
        return
    launcher = BIN / "filiere"
    launcher.write_text(f'#!/bin/sh\nexec "{PYTHON}" -P -c "{COMMAND}" "$@"\n', "utf-8")
    launcher.chmod(0o755)


def _run(command: list[str]) -> None:
    code = subprocess.call(command, cwd=ROOT)
    if code:
        sys.exit(code)


def python(*arguments: str) -> None:
    """Run Python in the environment, from the project's root."""
    _run([str(PYTHON), *arguments])


def check(arguments: list[str]) -> None:
    """Lint, format, types, rooms; then the tests, unless ``--fast``."""
    fast = "--fast" in arguments
    for name, command in CHECKS.items():
        say(f"· {name}")
        python(*command)
    if not fast:
        test([item for item in arguments if item != "--fast"])


def test(arguments: list[str]) -> None:
    """The whole suite, on both databases."""
    workers = [] if any(item.startswith("-n") for item in arguments) else ["-n", str(min(os.cpu_count() or 1, 4))]
    python("-m", "pytest", *workers, *arguments)


def lock(arguments: list[str]) -> None:
    """Make both locks anew: every platform, hashes, no address of a package host. ``--upgrade`` moves the versions."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(BIN)) or sys.exit("Locking needs uv.")
    common = [
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--quiet",
        *arguments,
    ]
    _run([str(uv), "pip", "compile", "pyproject.toml", *common, "-o", RUNTIME])
    _run([str(uv), "pip", "compile", "pyproject.toml", "--group", "dev", "-c", RUNTIME, *common, "-o", DEVELOPMENT])
    for name in (RUNTIME, DEVELOPMENT):
        text = (ROOT / name).read_text("utf-8")
        if "://" in text or "file:" in text or any(line.startswith("-") for line in text.splitlines()):
            sys.exit(f"{name} names a package host or a folder of this machine; it must not.")


def main() -> None:
    """Run a verb."""
    if sys.version_info < (3, 11):  # noqa: UP036 - people start this with whatever Python they have
        sys.exit(f"Filière needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    verb, *rest = sys.argv[1:] or ["--help"]
    if verb == "setup":
        setup(DEVELOPMENT)
    elif verb in ("demo", "serve"):
        setup(RUNTIME)
        python("-m", "api", verb, *rest)
    elif verb == "fraud":
        setup(RUNTIME)
        python("-m", "demo.fraud", *rest)
    elif verb == "test":
        setup(DEVELOPMENT)
        test(rest)
    elif verb == "check":
        setup(DEVELOPMENT)
        check(rest)
    elif verb == "bench":
        setup(DEVELOPMENT)
        python("-m", "bench", *rest)
    elif verb == "damage":
        setup(DEVELOPMENT)
        python("-m", "bench.damage", *rest)
    elif verb == "lock":
        lock(rest)
    else:
        print(__doc__)
        sys.exit(0 if verb in ("-h", "--help", "help") else 2)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
