"""All that AWS takes for what the kinds write has been decided of, by the newest botocore that is pinned."""

from tests.judges import inputs


def test_every_input_is_handled_or_left_for_a_reason():
    found = list(inputs.problems())
    assert not found, "\n".join(found)


def test_a_new_field_fails_until_somebody_decides(monkeypatch):
    told = inputs.table()
    handled = told["log_group"]["handled"].replace("deletionProtectionEnabled", "")
    monkeypatch.setattr(inputs, "table", lambda: {**told, "log_group": {**told["log_group"], "handled": handled}})
    assert list(inputs.problems()) == ["log_group: AWS takes deletionProtectionEnabled, of which nobody has decided"]


def test_every_reason_says_something():
    for kind, told in inputs.table().items():
        for reason in told if kind == "everywhere" else told.get("left") or {}:
            assert len(reason.split()) >= 3, f"{kind}: {reason!r}"
