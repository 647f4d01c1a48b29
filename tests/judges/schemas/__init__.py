"""CloudFormation's schemas judge our kinds and what they make.

The judge is AWS: the resource types' schemas as cfn-lint's wheel brings them, with cfn-lint's own rules on top (what
excludes or needs each other, policies, Fargate's sizes, RDS's classes and engines). Which property is which field stands
with the kind: ``Kind.cloudformation`` and ``Kind.properties``.

- ``agreement``: what a kind refuses to change or replaces, against createOnly and conditionalCreateOnly. In the gate:
  ``tests/unit/judges/test_schemas.py``.
- ``template``: live resources as a template, and what cfn-lint says against it.
- ``test_live.py``: all resources of the inventories, made on the embedded AWS; and which properties that can be set
  nobody reads.

It can't judge what no type has: bootstrap images, protected images, what AWS makes by itself.
"""
