"""The settings of container tools: every registry of the account leads to the loopback, and nothing else does."""

import tomllib

from emulator import ACCOUNT, containers


def test_registries_lead_here():
    told = tomllib.loads(containers.registries(4599))["registry"]
    assert {one["location"] for one in told} == {"127.0.0.1:4599"}
    names = [one["prefix"] for one in told]
    assert f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com" in names
    assert f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn" in names
    assert len(names) == len(set(names)) > 20
    assert all(name.startswith((f"{ACCOUNT}.dkr.ecr.", "127.0.0.1:")) for name in names)


def test_environment_names_what_was_written(tmp_path):
    told = containers.write(tmp_path / "settings", 4599)
    engine = tomllib.loads((tmp_path / "settings/containers.conf").read_text())
    assert engine["containers"]["netns"] == "host"
    assert [told[name] for name in ("CONTAINERS_REGISTRIES_CONF", "CONTAINERS_CONF")] == [
        str(tmp_path / "settings" / name) for name in ("registries.conf", "containers.conf")
    ]
