"""Each kind's listings of what nobody declared, held against botocore's model of the services."""

import botocore.session
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import listings
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from botocore import xform_name

LISTINGS = [(kind, one) for kind in KINDS.values() for one in listings.of(kind)]


def operation(listing, name):
    model = botocore.session.get_session().get_service_model(listing.service)
    return model.operation_model(next(one for one in model.operation_names if xform_name(one) == name))


@pytest.mark.parametrize(("kind", "listing"), LISTINGS, ids=lambda one: getattr(one, "operation", one.name))
def test_a_listing_is_one_of_the_service(kind, listing):
    model = operation(listing, listing.operation)
    assert listing.parameters.keys() <= model.input_shape.members.keys()
    item = model.output_shape
    for key in listing.key.split("/"):
        item = item.members[key].member
    assert listing.name in item.members if listing.name else item.type_name == "string"
    assert not listing.parent or listing.parent in KINDS
    # What is none of the kind's own must not be taken for it.
    assert listing.kind == kind.name or listing.kind not in KINDS


@pytest.mark.parametrize(
    "listing", [one for _kind, one in LISTINGS if one.delete[0]], ids=lambda one: one.delete[0]
)
def test_an_item_is_deleted_by_what_names_it(listing):
    name, parameter = listing.delete
    shape = operation(listing, name).input_shape
    assert set(shape.required_members) <= {parameter.removesuffix("[]")} <= shape.members.keys()
    assert (shape.members[parameter.removesuffix("[]")].type_name == "list") == parameter.endswith("[]")


def test_no_two_kinds_list_the_same():
    names = [one.kind for _kind, one in LISTINGS]
    assert len(names) == len(set(names))
