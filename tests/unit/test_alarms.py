"""Alarms on expressions with FILL, played through minute by minute while metrics come late, as CloudWatch has them."""

from __future__ import annotations

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.conftest import ROOT

FUNCTIONS = {
    "IF": lambda condition, this, that: this if condition else that,
    "FILL": lambda value, other: other if value is None else value,
}
COMPARISONS = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}


def template(role, expression, **variables):
    """Return what an expression is with the variables of a role."""
    loader = DataLoader()
    known = {"stack_profile": "standard", "stack_name": "x"}
    for one in ("stack", role):
        known |= loader.load_from_file(str(ROOT / f"roles/{one}/vars/main.yml"), trusted_as_template=True)
    loader.set_basedir(str(ROOT / f"roles/{role}"))
    templar = Templar(loader, variables={**known, **variables, "ansible_search_path": [loader.get_basedir()]})
    return templar.template(trust_as_template(f"{{{{ {expression} }}}}"))


@pytest.fixture(scope="module")
def scaling():
    worker = {"name": "worker", "queue": "workflow", "idle_minutes": 10, "messages_per_task": 5}
    return template("ecs", "__ecs_alarms", item=[worker, ""], ecs_container_insights="enabled")


def goes_off(alarm, points, late, now):
    """Say whether an alarm is in ALARM at a minute, from the points of each metric by minute.

    The metrics in ``late`` are there so many minutes later than the others, which are there when their minute is over.
    """
    periods, of = int(alarm.get("minutes", alarm.get("periods"))), int(alarm.get("of", alarm.get("minutes", alarm.get("periods"))))
    counted = 0
    for minute in range(now - of, now):
        seen = {
            name: values(minute) if minute + 1 + late.get(name, 0) <= now else None for name, values in points.items()
        }
        expression = alarm.get("expression") or next(one["expression"] for one in alarm["metrics"] if "expression" in one)
        try:
            value = eval(expression.replace(" AND ", " and "), FUNCTIONS, seen)
        except TypeError:  # an operand is missing, so the point is
            continue
        comparison = alarm.get("comparison", "GreaterThanThreshold")
        counted += COMPARISONS[comparison](value, float(alarm["threshold"]))
    return counted >= periods


def ever(alarm, points, late, start=60, end=120):
    """Return the first minute at which an alarm goes off, or nothing."""
    return next((now for now in range(start, end) if goes_off(alarm, points, late, now)), None)


def always(value):
    return lambda _minute: value


@pytest.mark.parametrize("late", [0, 1, 2])
def test_workers_without_messages_are_sent_to_sleep(scaling, late):
    idle = {"samples": always(2), "visible": always(0), "in_flight": always(0)}
    assert ever(scaling["sleep"], idle, {"samples": late}) is not None
    assert ever(scaling["wake"], idle, {"samples": late}) is None


@pytest.mark.parametrize("late", [0, 1, 2])
def test_workers_with_messages_are_neither_sent_to_sleep_nor_woken(scaling, late):
    busy = {"samples": always(2), "visible": always(3), "in_flight": always(1)}
    assert ever(scaling["sleep"], busy, {"samples": late}) is None
    assert ever(scaling["wake"], busy, {"samples": late}) is None


@pytest.mark.parametrize("late", [0, 1, 2])
def test_the_first_message_wakes_a_worker(scaling, late):
    arrived = {"samples": always(None), "visible": lambda minute: int(minute >= 70), "in_flight": always(0)}
    woken = ever(scaling["wake"], arrived, {"samples": late})
    assert woken is not None and 70 < woken <= 73


@pytest.mark.parametrize("late", [0, 1, 2])
def test_a_worker_that_was_woken_is_let_work(scaling, late):
    """Asleep since minute 70, a message at 71, a worker since 75: when it works, nothing sends it to sleep."""
    points = {
        "samples": lambda minute: 2 if minute < 70 or minute >= 75 else None,
        "visible": lambda minute: int(minute >= 71), "in_flight": always(0),
    }  # fmt: skip
    assert ever(scaling["sleep"], points, {"samples": late}, start=75) is None


@pytest.mark.parametrize("late", [0, 1, 2])
@pytest.mark.parametrize(
    ("name", "first", "second", "off"),
    [
        ("unhealthy", 1, None, True),
        ("unhealthy", None, 1, True),
        ("unhealthy", 0, None, False),
        ("down", 0, None, True),
        ("down", None, None, True),
        ("down", 2, None, False),
        ("down", 0, 2, False),
    ],
)
def test_target_groups_that_take_turns(name, first, second, off, late):
    words = {"unhealthy": "unhealthy", "down": "healthy"}[name]
    alarm = template(
        "monitoring", f"__monitoring_{name} | combine(__monitoring_{words}_of_two)", monitoring_alternate_target_group="x",
        monitoring_thresholds={}, monitoring_database_class="db.t3.micro", monitoring_database_storage=20,
        monitoring_images={"api": {"released": True}}, monitoring_load_balancer="x", monitoring_target_group="x",
    )  # fmt: skip
    points = {"first": always(first), "second": always(second)}
    assert (ever(alarm, points, {"first": late, "second": late}) is not None) is off


@pytest.fixture(scope="module")
def poison():
    found = template(
        "monitoring", "__monitoring_made | selectattr('name', 'equalto', 'poison-messages') | first",
        monitoring_thresholds={}, monitoring_database_class="db.t3.micro", monitoring_database_storage=20,
        monitoring_visibility_timeout=900, monitoring_cluster_name="x", monitoring_services={"api": "x", "worker": "x"},
        monitoring_functions={"scheduler": "x", "cleanup": "x"}, monitoring_images={"scheduler": {"released": True}},
    )  # fmt: skip
    assert {one["metric_stat"]["period"] for one in found["metrics"] if "metric_stat" in one} == {900}
    return found


@pytest.mark.parametrize(
    ("received", "deleted", "off"),
    [
        (always(1), always(0), True),
        (always(11), always(10), True),
        (always(10), always(10), False),
        (lambda period: int(period == 70), lambda period: int(period == 71), False),
        (lambda period: 5 * (period in (70, 71)), lambda period: 10 * (period == 72), False),
        (always(0), always(0), False),
        (always(None), always(None), False),
    ],
)
def test_jobs_that_fail_each_time_are_told(poison, received, deleted, off):
    assert (ever(poison, {"received": received, "deleted": deleted}, {}) is not None) is off


def test_the_descriptions_say_what_queue_age_does_not_see(poison):
    assert "queue-age doesn't see them" in poison["description"]
    text = (ROOT / "roles/monitoring/templates/alarms.yml.j2").read_text()
    assert "jobs that fail above all: of those the alarm {{ prefix }}poison-messages tells" in text
