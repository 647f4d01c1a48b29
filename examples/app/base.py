"""Makes a base image of this machine's Python, for machines that can pull none.

    python3 examples/app/base.py [NAME]        NAME is localhost/flow-builder-base where none is given

The image is for this machine's processor. It has Python with its libraries, what requirements.txt names, and busybox
for a shell where there is one; the container files then install nothing. It needs podman. Elsewhere nobody needs it:
the container files' own base is an ordinary Python.
"""

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "localhost/flow-builder-base"
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
UNUSED = shutil.ignore_patterns(
    "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "config-*", "__pycache__", "site-packages",
)  # fmt: skip


def fill(root: Path) -> None:
    """Fill the image's file system."""
    home, prefix = Path(sys.base_prefix), root / "usr/local"
    (prefix / "bin").mkdir(parents=True)
    shutil.copy2(home / "bin" / PYTHON, prefix / "bin" / PYTHON)
    for name in ("python3", "python"):
        (prefix / "bin" / name).symlink_to(PYTHON)
    shutil.copytree(home / "lib" / PYTHON, prefix / "lib" / PYTHON, ignore=UNUSED, symlinks=True)
    packages = prefix / "lib" / PYTHON / "site-packages"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check",
         "--root-user-action=ignore", "--target", packages, "-r", HERE / "requirements.txt", "awslambdaric", "pip"],
        check=True,
    )  # fmt: skip
    libraries(root, [home / "bin" / PYTHON, *prefix.rglob("*.so")], home, prefix)
    for name in ("etc", "tmp", "bin"):
        (root / name).mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\napp:x:1000:1000::/tmp:/bin/sh\n", encoding="ascii")
    (root / "etc/group").write_text("root:x:0:\napp:x:1000:\n", encoding="ascii")
    certificates = Path("/etc/ssl/certs/ca-certificates.crt")
    if certificates.exists():
        (root / "etc/ssl/certs").mkdir(parents=True)
        shutil.copy2(certificates, root / "etc/ssl/certs/ca-certificates.crt")
    if busybox := shutil.which("busybox"):
        shutil.copy2(busybox, root / "bin/busybox")
        for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
            if name != "busybox":
                (root / "bin" / name).symlink_to("busybox")


def libraries(root: Path, files: list[Path], home: Path, prefix: Path) -> None:
    """Copy the shared libraries that files load: Python's own beside it, the system's where they lie."""
    told = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False).stdout
    for path in {Path(found) for found in re.findall(r"(/\S+) \(0x", told)}:
        if path.is_relative_to(prefix):
            continue
        own = path.is_relative_to(home)
        copy = prefix / "lib" / path.name if own else root / path.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path.resolve(), copy)


def load(root: Path, name: str) -> None:
    """Make an image of the file system; everything in it is root's, and readable for everybody."""

    def owned(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mode |= 0o555 if entry.isdir() or entry.mode & 0o100 else 0o444
        return entry

    environment = ("PATH=/usr/local/bin:/bin", "LD_LIBRARY_PATH=/usr/local/lib", "LANG=C.UTF-8")
    changes = [word for one in environment for word in ("--change", f"ENV {one}")]
    process = subprocess.Popen(["podman", "import", "--quiet", *changes, "-", name], stdin=subprocess.PIPE)
    with process.stdin, tarfile.open(fileobj=process.stdin, mode="w|") as archive:
        archive.add(root, arcname=".", filter=owned)
    if process.wait():
        sys.exit(process.returncode)


def main() -> None:
    """Make it."""
    if not shutil.which("podman"):
        sys.exit("podman isn't installed here")
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "root")
        load(Path(folder) / "root", sys.argv[1] if len(sys.argv) > 1 else NAME)


if __name__ == "__main__":
    main()
