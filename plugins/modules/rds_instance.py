#!/usr/bin/python
"""Database instances."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_instance
short_description: Manage a database instance of RDS
version_added: "0.1.0"
description:
  - Creates, changes and deletes a database instance.
  - Deleting takes a last snapshot when the instance's tag C(FinalSnapshot) is V(true), and is refused while deletion
    protection is on.
  - Ours because C(amazon.aws.rds_instance) 11.4.0 can't let RDS manage the master password
    (O(manage_master_user_password)), fails on gp3 storage of ordinary size, takes only full versions, which AWS
    upgrades behind it, and reports a change at every run with Performance Insights.
author: The Flow Builder on AWS project (@flow-builder)
options:
  db_instance_identifier:
    description: The instance's name.
    type: str
    required: true
    aliases: [name]
  engine:
    description: The database engine. It can't be changed afterwards.
    type: str
  engine_version:
    description: >-
      Major version, of which AWS's default minor is taken at creation, or a full version. A newer minor of the same
      major, as AWS upgrades to by itself, is no difference.
    type: str
  engine_lifecycle_support:
    description: >-
      What AWS does when the standard support of the major version ends. V(open-source-rds-extended-support), which is
      AWS's own default, goes on with it and is billed for each vCPU and hour;
      V(open-source-rds-extended-support-disabled) upgrades the major version, by AWS itself.
    type: str
    choices: [open-source-rds-extended-support, open-source-rds-extended-support-disabled]
  allow_major_version_upgrade:
    description: Let O(engine_version) go to another major version.
    type: bool
  db_instance_class:
    description: The instance's size.
    type: str
  allocated_storage:
    description: GiB of storage. It never shrinks; what autoscaling has added is no difference.
    type: int
  max_allocated_storage:
    description: GiB up to which AWS may let the storage grow.
    type: int
  storage_type:
    description: The kind of storage.
    type: str
    choices: [gp2, gp3, io1, io2]
  storage_encrypted:
    description: Encrypt the storage. It can't be changed afterwards.
    type: bool
  kms_key_id:
    description: ARN of the key of the storage. It can't be changed afterwards.
    type: str
  db_name:
    description: Database that is made with the instance. It can't be changed afterwards.
    type: str
  master_username:
    description: The first user. It can't be changed afterwards.
    type: str
  manage_master_user_password:
    description: Let RDS make, keep and rotate the first user's password in Secrets Manager.
    type: bool
  master_user_secret_kms_key_id:
    description: ARN of the key of that secret.
    type: str
  db_subnet_group_name:
    description: The subnet group. It can't be changed afterwards.
    type: str
  vpc_security_group_ids:
    description: The security groups.
    type: list
    elements: str
  db_parameter_group_name:
    description: The parameter group.
    type: str
  port:
    description: The port.
    type: int
  multi_az:
    description: Keep a standby in another zone.
    type: bool
  publicly_accessible:
    description: Give the instance a public address.
    type: bool
  backup_retention_period:
    description: Days that backups are kept; V(0) for none.
    type: int
  preferred_backup_window:
    description: When backups are made, in UTC, for example V(03:00-04:00).
    type: str
  preferred_maintenance_window:
    description: When AWS may change the instance, in UTC, for example V(sun:04:00-sun:05:00).
    type: str
  copy_tags_to_snapshot:
    description: Give snapshots the instance's tags.
    type: bool
  deletion_protection:
    description: Refuse to delete the instance.
    type: bool
  auto_minor_version_upgrade:
    description: Let AWS upgrade the minor version in the maintenance window.
    type: bool
  enable_iam_database_authentication:
    description: Let IAM identities log in.
    type: bool
  enable_performance_insights:
    description: Record what the database spends its time on.
    type: bool
  enable_cloudwatch_logs_exports:
    description: Logs that are sent to CloudWatch.
    type: list
    elements: str
  ca_certificate_identifier:
    description: The authority of the server's certificate; unsaid, AWS's default.
    type: str
  apply_immediately:
    description: >-
      Make changes at once, also those that interrupt. Otherwise they wait for the maintenance window, and are no
      difference while they wait.
    type: bool
    default: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: A small PostgreSQL 17
  flow_builder.aws.rds_instance:
    name: flow-builder-dev-db
    engine: postgres
    engine_version: "17"
    db_instance_class: db.t3.micro
    allocated_storage: 20
    storage_type: gp3
    master_username: flowbuilder_admin
    manage_master_user_password: true
"""

RETURN = r"""
resource:
  description: The instance as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {db_instance_identifier: flow-builder-dev-db, engine_version: "17.6", status: available}
action:
  description: What was done, or would be, V(none), V(create), V(update) or V(delete).
  returned: success
  type: str
  sample: create
notes:
  description: Changes that wait for the maintenance window or a restart.
  returned: success
  type: list
  elements: str
  sample: ["the database flow-builder-dev-db changes in its maintenance window: multi_az True"]
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_instance import RDS_INSTANCE


def main():
    """Run the module."""
    run(
        RDS_INSTANCE,
        {
            "db_instance_identifier": {"type": "str", "required": True, "aliases": ["name"]},
            "engine": {"type": "str"},
            "engine_version": {"type": "str"},
            "engine_lifecycle_support": {
                "type": "str",
                "choices": ["open-source-rds-extended-support", "open-source-rds-extended-support-disabled"],
            },
            "allow_major_version_upgrade": {"type": "bool"},
            "db_instance_class": {"type": "str"},
            "allocated_storage": {"type": "int"},
            "max_allocated_storage": {"type": "int"},
            "storage_type": {"type": "str", "choices": ["gp2", "gp3", "io1", "io2"]},
            "storage_encrypted": {"type": "bool"},
            "kms_key_id": {"type": "str", "no_log": False},
            "db_name": {"type": "str"},
            "master_username": {"type": "str"},
            "manage_master_user_password": {"type": "bool", "no_log": False},
            "master_user_secret_kms_key_id": {"type": "str", "no_log": False},
            "db_subnet_group_name": {"type": "str"},
            "vpc_security_group_ids": {"type": "list", "elements": "str"},
            "db_parameter_group_name": {"type": "str"},
            "port": {"type": "int"},
            "multi_az": {"type": "bool"},
            "publicly_accessible": {"type": "bool"},
            "backup_retention_period": {"type": "int"},
            "preferred_backup_window": {"type": "str"},
            "preferred_maintenance_window": {"type": "str"},
            "copy_tags_to_snapshot": {"type": "bool"},
            "deletion_protection": {"type": "bool"},
            "auto_minor_version_upgrade": {"type": "bool"},
            "enable_iam_database_authentication": {"type": "bool"},
            "enable_performance_insights": {"type": "bool"},
            "enable_cloudwatch_logs_exports": {"type": "list", "elements": "str"},
            "ca_certificate_identifier": {"type": "str"},
            "apply_immediately": {"type": "bool", "default": True},
        },
    )


if __name__ == "__main__":
    main()
