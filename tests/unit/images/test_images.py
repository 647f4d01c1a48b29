"""Images: what a build reads, what its tag says, which findings stand in the way, which commands are run."""

import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import without_credentials
from ansible_collections.flow_builder.aws.plugins.module_utils.images import builds, scans, source


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nCOPY shared shared\nCOPY --chown=1 ./api \\\n  x/ /app/\n", ["shared", "api", "x"]),
        ('FROM a\n# COPY no no\nCOPY --from=a /b /c\nADD ["one two", "/x"]\n', ["one two"]),
        ("COPY . .\n", ["."]),
        ("COPY *.py .\n", None),
        ("RUN --mount=type=bind,source=a cat a\n", None),
        ("COPY <<EOF /x\nEOF\n", None),
    ],
)
def test_what_a_container_file_copies(text, expected):
    assert source.copied(text) == expected


def test_a_tag_changes_with_what_is_copied_and_with_nothing_else(tmp_path):
    files = {"api/Containerfile": "FROM a\nCOPY api api\n", "api/main.py": "1", "worker/main.py": "1"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    checkout = source.Checkout(tmp_path, "c", "", (), tuple(sorted(files)))

    def tag(**more):
        return source.tag(checkout, ".", "api/Containerfile", more)

    first = tag()
    (tmp_path / "worker/main.py").write_text("2")
    assert tag() == first and tag(arguments={"BASE": "b"}) != first
    (tmp_path / "api/main.py").write_text("2")
    assert tag() != first


def test_a_files_name_may_be_of_any_encoding(tmp_path):
    def git(*words):
        subprocess.run(["git", "-C", tmp_path, "-c", "user.name=n", "-c", "user.email=e", *words], check=True, capture_output=True)

    (tmp_path / "api").mkdir()
    (tmp_path / "api/Containerfile").write_text("FROM a\nCOPY api api\n")
    odd = os.fsencode(tmp_path / "api") + b"/caf\xe9"
    Path(os.fsdecode(odd)).write_text("1")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    checkout = source.checkout(str(tmp_path), allow_dirty=False)
    assert os.fsdecode(b"api/caf\xe9") in checkout.files
    first = source.tag(checkout, ".", "api/Containerfile", {})
    source.copy(checkout.root, list(checkout.files), tmp_path / "to")
    assert (tmp_path / "to/api" / os.fsdecode(b"caf\xe9")).read_text() == "1"
    Path(os.fsdecode(odd)).write_text("2")
    assert source.tag(checkout, ".", "api/Containerfile", {}) != first
    git("config", "core.quotePath", "false")
    with pytest.raises(EngineError, match="differ from the commit") as told:
        source.checkout(str(tmp_path), allow_dirty=False)
    str(told.value).encode()


def test_origins_have_no_credentials():
    assert without_credentials("https://me:secret@git.example.com/a.git") == "https://git.example.com/a.git"
    assert without_credentials("git@git.example.com:a.git") == "git@git.example.com:a.git"


def test_findings_of_a_severity_and_above_count_but_for_those_that_are_allowed():
    found = [{"name": f"CVE-{one}", "severity": one, "package": ""} for one in ("LOW", "HIGH", "CRITICAL")]
    assert [one["name"] for one in scans.blocking(found, "HIGH", [])] == ["CVE-CRITICAL", "CVE-HIGH"]
    assert [one["name"] for one in scans.blocking(found, "HIGH", ["CVE-CRITICAL"])] == ["CVE-HIGH"]
    assert scans.sentence("api", found[:1]) == "api: CVE-LOW (LOW)"


@pytest.mark.parametrize("builder", ["podman", "buildah", "docker"])
def test_every_builder_is_told_the_file_the_labels_the_arguments_and_the_processor(builder):
    image = builds.Image("api", "r", "api/Containerfile", ".", "t")
    given = {"architecture": "arm64", "arguments": {"BASE": "b"}, "labels": {"revision": "c", "source": ""}}
    words = builds.build_command(builder, image, "host/r:t", given)
    pairs = list(zip(words, words[1:], strict=False))
    label = "org.opencontainers.image.revision=c"
    for pair in [("--file", image.file), ("--label", label), ("--build-arg", "BASE=b"), ("--platform", "linux/arm64")]:
        assert pair in pairs
    assert (("--annotation", label) in pairs) == (builder != "docker")
    assert not any("source=" in word for word in words) and words[-1] == "."
