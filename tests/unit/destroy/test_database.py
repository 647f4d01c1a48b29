"""The end of a database: what it waits for, what it starts, what it refuses, and the snapshot that stays."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import deleting
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_instance import RDS_INSTANCE


@pytest.fixture
def database(aws, name):
    def make(snapshot="true", **more):
        tags = {"Stack": name, "FinalSnapshot": snapshot}
        aws("rds").create_db_instance(
            DBInstanceIdentifier=f"{name}-db", DBInstanceClass="db.t4g.micro", Engine="postgres", MasterUsername="app",
            MasterUserPassword="secret-enough", AllocatedStorage=20, CopyTagsToSnapshot=True,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()], **more,
        )  # fmt: skip
        return {"db_instance_identifier": f"{name}-db"}

    return make


def end(engine, want):
    live = RDS_INSTANCE.find(engine, want)
    deleting.delete(RDS_INSTANCE, engine, live, 3600)
    RDS_INSTANCE.gone(engine, live, 3600)


def snapshots(aws, name):
    return aws("rds").describe_db_snapshots(DBInstanceIdentifier=f"{name}-db", SnapshotType="manual")["DBSnapshots"]


@pytest.mark.parametrize("protected", [True, False])
@pytest.mark.parametrize("stopped", [True, False])
@pytest.mark.parametrize(("snapshot", "count"), [("true", 1), ("false", 0)])
def test_it_ends_from_any_state(aws, engine, name, database, snapshot, count, stopped, protected):
    want = database(snapshot, DeletionProtection=protected)
    if stopped:
        aws("rds").stop_db_instance(DBInstanceIdentifier=f"{name}-db")
    assert bool(RDS_INSTANCE.protected(RDS_INSTANCE.find(engine, want))) == protected
    end(engine, want)
    assert RDS_INSTANCE.find(engine, want) is None
    kept = snapshots(aws, name)
    assert len(kept) == count
    assert all(one["DBSnapshotIdentifier"].startswith(f"{name}-db-final-") for one in kept)


def test_what_is_being_deleted_is_not_deleted_again(aws, engine, name, database, monkeypatch):
    from emulator import provisioning

    monkeypatch.setattr(provisioning, "scale", 1.0)
    want = database("false")
    live = RDS_INSTANCE.find(engine, want)
    aws("rds").delete_db_instance(DBInstanceIdentifier=f"{name}-db", SkipFinalSnapshot=True)
    deleting.delete(RDS_INSTANCE, engine, live, 60)
    # Between the look and the call, somebody else deleted it.
    monkeypatch.setattr(RDS_INSTANCE, "find", lambda aws, want: {**live, "status": "available"})
    deleting.delete(RDS_INSTANCE, engine, live, 60)


@pytest.mark.parametrize("status", ["failed", "incompatible-restore", "inaccessible-encryption-credentials"])
def test_a_snapshot_that_cant_be_taken_is_said(aws, engine, name, database, status):
    from moto.rds.models import rds_backends

    want = database("true")
    rds_backends["123456789012"]["us-east-1"].databases[f"{name}-db"].status = status
    with pytest.raises(EngineError, match=rf"{name}-db is {status}: .* final snapshot .* Key=FinalSnapshot,Value=false"):
        end(engine, want)
    aws("rds").add_tags_to_resource(
        ResourceName=RDS_INSTANCE.find(engine, want)["arn"], Tags=[{"Key": "FinalSnapshot", "Value": "false"}]
    )
    end(engine, want)
    assert not snapshots(aws, name)
