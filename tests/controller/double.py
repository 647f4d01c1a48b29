"""A double of AWX's API v2, for tests: it keeps objects, and refuses what AWX refuses. It runs no job.

What it refuses was read in AWX's own serializers (survey specs, schedules' rules, webhook messages, playbooks that a
project doesn't have, credential types in use) and in its models: names that are taken, what is required, foreign keys
that aren't there. Stricter than AWX it refuses fields and filters that it doesn't know, and to delete an organization
that has anything.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from dateutil import rrule

ROOT = Path(__file__).resolve().parents[2]
TEXT, WHOLE, TRUTH, MAPPING = str, int, bool, dict
NOTICES = {f"notification_templates_{when}": "notification_templates" for when in ("started", "success", "error")}
PROMPTS = {f"ask_{what}_on_launch": TRUTH for what in (
    "diff_mode", "variables", "limit", "tags", "skip_tags", "job_type", "verbosity", "inventory", "credential", "scm_branch",
    "execution_environment", "forks", "instance_groups", "job_slice_count", "labels", "timeout")}  # fmt: skip
# Fields by what they are: a type, the choices, or ``->`` and the objects that they name. ``!`` marks what is required.
FIELDS = {
    "organizations": {"name!": TEXT, "description": TEXT, "max_hosts": WHOLE, "default_environment": "->execution_environments"},
    "teams": {"name!": TEXT, "description": TEXT, "organization!": "->organizations"},
    "credential_types": {"name!": TEXT, "description": TEXT, "kind!": ("net", "cloud"), "managed": TRUTH, "inputs": MAPPING, "injectors": MAPPING},
    "credentials": {"name!": TEXT, "description": TEXT, "organization": "->organizations", "credential_type!": "->credential_types", "inputs": MAPPING},
    "execution_environments": {"name!": TEXT, "description": TEXT, "organization": "->organizations", "image!": TEXT, "credential": "->credentials", "pull": ("", "always", "missing", "never")},
    "notification_templates": {"name!": TEXT, "description": TEXT, "organization!": "->organizations", "notification_type!": ("webhook", "slack", "email"), "notification_configuration!": MAPPING, "messages": MAPPING},
    "projects": {"name!": TEXT, "description": TEXT, "organization": "->organizations", "scm_type": ("", "git", "svn", "archive"), "scm_url": TEXT, "scm_branch": TEXT, "scm_refspec": TEXT, "scm_clean": TRUTH, "scm_update_on_launch": TRUTH, "scm_update_cache_timeout": WHOLE, "allow_override": TRUTH, "default_environment": "->execution_environments"},
    "inventories": {"name!": TEXT, "description": TEXT, "organization!": "->organizations", "kind": ("", "smart", "constructed"), "host_filter": TEXT, "variables": TEXT},
    "inventory_sources": {"name!": TEXT, "description": TEXT, "inventory!": "->inventories", "source!": ("scm", "ec2"), "source_project": "->projects", "source_path": TEXT, "overwrite": TRUTH, "overwrite_vars": TRUTH, "update_on_launch": TRUTH, "update_cache_timeout": WHOLE},
    "job_templates": {"name!": TEXT, "description": TEXT, "organization": "->organizations", "job_type": ("run", "check"), "inventory": "->inventories", "project!": "->projects", "playbook!": TEXT, "extra_vars": TEXT, "survey_enabled": TRUTH, "allow_simultaneous": TRUTH, "job_slice_count": WHOLE, **PROMPTS},
    "workflow_job_templates": {"name!": TEXT, "description": TEXT, "organization": "->organizations", "inventory": "->inventories", "extra_vars": TEXT, "survey_enabled": TRUTH, "allow_simultaneous": TRUTH, "webhook_service": ("", "github", "gitlab"), **PROMPTS},
    "workflow_job_template_nodes": {"identifier!": TEXT, "workflow_job_template!": "->workflow_job_templates", "unified_job_template": "->unified_job_templates", "extra_data": MAPPING, "type": ("workflow_job_template_node",)},
    "workflow_approval_templates": {"name!": TEXT, "description": TEXT, "timeout": WHOLE},
    "schedules": {"name!": TEXT, "description": TEXT, "unified_job_template!": "->unified_job_templates", "rrule!": TEXT, "extra_data": MAPPING, "enabled": TRUTH},
    "instance_groups": {"name!": TEXT},
}
# What is associated with an object, by the name of the list.
LISTS = {
    "organizations": {"instance_groups": "instance_groups", "galaxy_credentials": "credentials", "notification_templates_approvals": "notification_templates", **NOTICES},
    "projects": NOTICES,
    "inventories": {"instance_groups": "instance_groups", "input_inventories": "inventories"},
    "inventory_sources": NOTICES,
    "job_templates": {"instance_groups": "instance_groups", "credentials": "credentials", **NOTICES},
    "workflow_job_templates": {"notification_templates_approvals": "notification_templates", **NOTICES},
    "workflow_job_template_nodes": {f"{when}_nodes": "workflow_job_template_nodes" for when in ("success", "failure", "always")},
}
ROLES = {
    "organizations": ("admin", "execute", "read", "member", "approval"),
    "job_templates": ("admin", "execute", "read"),
    "workflow_job_templates": ("admin", "execute", "read", "approval"),
}
JOBS = ("projects", "inventory_sources", "job_templates", "workflow_job_templates", "workflow_approval_templates")
UNIQUE = {"inventory_sources": ("name", "inventory"), "workflow_job_template_nodes": ("identifier", "workflow_job_template"),
          "schedules": ("name", "unified_job_template"), "credentials": ("name", "organization", "credential_type")}  # fmt: skip
QUESTIONS = {"text": str, "textarea": str, "password": str, "multiplechoice": str, "multiselect": str, "integer": int, "float": (int, float)}
REFUSED_RULES = ("EXRULE", "BYEASTER", "BYYEARDAY", "BYWEEKNO", "FREQ=SECONDLY")


class Refused(Exception):
    """What is asked for is answered with an error."""

    def __init__(self, status, **errors):
        super().__init__(errors)
        self.status, self.errors = status, errors


class Controller:
    """The objects, by sort and id. Its playbooks are those of the repository."""

    def __init__(self, prefix="/api/"):
        self.prefix = f"{prefix}v2/"
        self.ids = 0
        self.objects = {kind: {} for kind in FIELDS}
        self.lists, self.surveys, self.granted, self.roles = {}, {}, {}, {}
        self.writes = []
        galaxy = self.add("credential_types", {"name": "Ansible Galaxy/Automation Hub API Token", "kind": "cloud"})
        self.add("credentials", {"name": "Ansible Galaxy", "credential_type": galaxy["id"]})
        self.add("instance_groups", {"name": "default"})
        self.there = self.count()
        self.writes.clear()

    def count(self):
        """Return how many objects of each sort there are."""
        return {kind: len(objects) for kind, objects in self.objects.items()}

    def names(self, kind):
        """Return the names of all objects of a sort."""
        return {one.get("name", one.get("identifier")) for one in self.objects[kind].values()}

    # What is kept

    def find(self, kind, number):
        """Return an object; a template of any sort is one that can be run."""
        for sort in JOBS if kind == "unified_job_templates" else (kind,):
            if number in self.objects[sort]:
                return sort, self.objects[sort][number]
        raise Refused(404, detail="Not found.")

    def add(self, kind, said):
        """Make an object."""
        made = {name.rstrip("!"): None if str(what).startswith("->") else "" if isinstance(what, tuple) else what()
                for name, what in FIELDS[kind].items()}  # fmt: skip
        for name in FIELDS[kind]:
            if name.endswith("!") and said.get(name[:-1]) in (None, ""):
                raise Refused(400, **{name[:-1]: ["This field is required."]})
        self.check(kind, made | said, said)
        self.ids += 1
        self.objects[kind][self.ids] = made | said | {"id": self.ids}
        self.writes.append(("POST", kind))
        return self.objects[kind][self.ids]

    def change(self, kind, number, said):
        """Change an object."""
        there = self.find(kind, number)[1]
        self.check(kind, there | said, said, number)
        for name, value in said.items():
            there[name] = self.keep(kind, name, there[name], value)
        self.writes.append(("PATCH", kind))
        return there

    def keep(self, kind, name, old, new):
        """Return a value as it is kept: a secret that comes masked is the one that there is."""
        if kind == "credentials" and name == "inputs":
            return {key: old.get(key) if value == "$encrypted$" else value for key, value in new.items()}
        return new

    def delete(self, kind, number):
        """Delete an object, and what has no life of its own."""
        self.find(kind, number)
        if kind == "credential_types" and any(one["credential_type"] == number for one in self.objects["credentials"].values()):
            raise Refused(403, detail="Credential types that are in use cannot be deleted.")
        if kind == "organizations":
            left = [(sort, one["name"]) for sort, ones in self.objects.items() for one in ones.values() if one.get("organization") == number]
            if left:
                raise Refused(409, error=f"the organization still has {left}")
        del self.objects[kind][number]
        parts = {"inventories": ("inventory_sources", "inventory"), "workflow_job_templates": ("workflow_job_template_nodes", "workflow_job_template")}
        for sort, field in filter(None, [parts.get(kind), ("schedules", "unified_job_template")]):
            for one in [one["id"] for one in self.objects[sort].values() if one[field] == number]:
                self.delete(sort, one)
        if kind == "workflow_job_template_nodes":
            kept = {one["unified_job_template"] for one in self.objects[kind].values()}
            for one in set(self.objects["workflow_approval_templates"]) - kept:
                del self.objects["workflow_approval_templates"][one]
        self.lists = {key: [one for one in ids if one != number] for key, ids in self.lists.items() if key[1] != number}
        self.surveys.pop(number, None)
        self.granted = {key: {one for one in teams if one != number} for key, teams in self.granted.items()}
        self.writes.append(("DELETE", kind))

    # What is refused

    def check(self, kind, whole, said, number=None):
        """Refuse what AWX would."""
        fields = {name.rstrip("!"): what for name, what in FIELDS[kind].items()}
        for name, value in said.items():
            if name not in fields:
                raise Refused(400, **{name: ["No such field."]})
            what = fields[name]
            if isinstance(what, tuple):
                if value is not None and value not in what:
                    raise Refused(400, **{name: [f'"{value}" is not a valid choice.']})
            elif isinstance(what, str):
                if value is not None:
                    try:
                        self.find(what.removeprefix("->"), value)
                    except Refused:
                        raise Refused(400, **{name: [f'Invalid pk "{value}" - object does not exist.']}) from None
            elif value is not None and (not isinstance(value, what) or (what is int and isinstance(value, bool))):
                raise Refused(400, **{name: [f"{value!r} is no {what.__name__}."]})
        alike = UNIQUE.get(kind, ("name", "organization") if "organization" in fields else ("name",))
        if any(one["id"] != number and all(one.get(name) == whole.get(name) for name in alike) for one in self.objects[kind].values()) and kind != "workflow_approval_templates":
            raise Refused(400, __all__=[f"{kind} with this {' and '.join(alike)} already exists."])
        judge = getattr(self, f"check_{kind}", None)
        if judge:
            judge(whole, said)

    def check_credential_types(self, whole, said):
        """Injectors may name the fields, and the files that they make."""
        fields = [field["id"] for field in (whole["inputs"] or {}).get("fields", [])]
        if len(set(fields)) != len(fields) or set(whole["inputs"].get("required", [])) - set(fields if fields else whole["inputs"].get("required", [])):
            raise Refused(400, inputs=["fields are doubled, or required and not there"])
        for text in re.findall(r"\{\{ *([\w.]+)", json.dumps(whole["injectors"])):
            if text not in fields and text != "tower.filename":
                raise Refused(400, injectors=[f"{text} is undefined"])

    def check_credentials(self, whole, said):
        """Inputs are those of the type."""
        kind = self.find("credential_types", whole["credential_type"])[1]["inputs"] or {}
        unknown = set(whole["inputs"]) - {field["id"] for field in kind.get("fields", [])}
        missing = set(kind.get("required", [])) - set(whole["inputs"])
        if unknown or missing:
            raise Refused(400, inputs=[f"unknown {sorted(unknown)}, missing {sorted(missing)}"])

    def check_notification_templates(self, whole, said):
        """The body of a webhook is a mapping in JSON."""
        if set(whole["notification_configuration"]) - {"url", "http_method", "headers", "username", "password", "disable_ssl_verification"} or not whole["notification_configuration"].get("url"):
            raise Refused(400, notification_configuration=["Missing or unknown fields."])
        messages = whole["messages"] or {}
        if set(messages) - {"started", "success", "error", "workflow_approval"}:
            raise Refused(400, messages=["unknown event"])
        for message in [*(messages.get(event) or {} for event in ("started", "success", "error")), *(messages.get("workflow_approval") or {}).values()]:
            try:
                assert isinstance(json.loads(message.get("body") or "{}"), dict) and "\n" not in message.get("message", "")
            except (ValueError, AssertionError):
                raise Refused(400, messages=[f"Webhook body should be a json dictionary: {message}"]) from None

    def check_inventories(self, whole, said):
        """Only a smart one filters hosts."""
        if whole["host_filter"] and whole["kind"] != "smart":
            raise Refused(400, host_filter=["host_filter can only be set for smart inventories."])

    def check_inventory_sources(self, whole, said):
        """A project's source has a project and a file in it."""
        if self.find("inventories", whole["inventory"])[1]["kind"]:
            raise Refused(400, inventory=["Cannot create Inventory Source for Smart or Constructed Inventory"])
        if whole["source"] == "scm" and not whole["source_project"]:
            raise Refused(400, source_project=["Project required for scm type sources."])
        if not (ROOT / whole["source_path"]).is_file():
            raise Refused(400, source_path=["no file of the project"])

    def check_job_templates(self, whole, said):
        """The project has the playbook."""
        if not (ROOT / whole["playbook"]).is_file() or whole["playbook"].startswith("/"):
            raise Refused(400, playbook=["Playbook not found for project."])
        if whole["inventory"] is None and not whole["ask_inventory_on_launch"]:
            raise Refused(400, inventory=["You must either set a default value or ask to prompt on launch."])
        self.check_variables(whole)

    def check_workflow_job_templates(self, whole, said):
        """Variables are a mapping."""
        self.check_variables(whole)

    def check_variables(self, whole):
        """Variables are a mapping, in JSON or YAML."""
        if not isinstance(json.loads(whole["extra_vars"] or "{}"), dict):
            raise Refused(400, extra_vars=["Cannot parse as a dictionary."])

    def check_schedules(self, whole, said):
        """The rule is one that AWX takes, and what is asked and required has its answer."""
        text = whole["rrule"]
        if not re.match(r"DTSTART(?:;TZID=[\w/+-]+:\d{8}T\d{6}|:\d{8}T\d{6}Z) RRULE:", text) or len(re.findall("DTSTART", text)) > 1:
            raise Refused(400, rrule=["Valid DTSTART required in rrule. Value should start with: DTSTART:YYYYMMDDTHHMMSSZ"])
        if "INTERVAL=" not in text:
            raise Refused(400, rrule=["INTERVAL required in rrule."])
        if any(word in text for word in REFUSED_RULES) or re.search(r"BYDAY=[+-]?\d", text) or int((re.findall(r"COUNT=(\d+)", text) or [0])[0]) > 999:
            raise Refused(400, rrule=["not supported"])
        try:
            rrule.rrulestr(text.replace(" ", "\n"))
        except ValueError as error:
            raise Refused(400, rrule=[f"rrule parsing failed validation: {error}"]) from None
        sort, template = self.find("unified_job_templates", whole["unified_job_template"])
        self.check_answers(template, whole["extra_data"] or {}, sort)

    def check_answers(self, template, answers, sort):
        """Answers are those of questions, and those that are required are there."""
        questions = {one["variable"]: one for one in (self.surveys.get(template["id"]) or {}).get("spec", [])} if template.get("survey_enabled") else {}
        missing = [name for name, one in questions.items() if one["required"] and name not in answers]
        if missing:
            raise Refused(400, variables_needed_to_start=[f"'{name}' value missing" for name in missing])
        for name, value in answers.items():
            if name not in questions and not template.get("ask_variables_on_launch"):
                raise Refused(400, extra_data=[f"Variables {name} are not allowed on launch."])
            question = questions.get(name, {"type": "text"})
            if not isinstance(value, list if question["type"] == "multiselect" else QUESTIONS[question["type"]]) or ("choices" in question and value not in question["choices"]):
                raise Refused(400, variables_needed_to_start=[f"Value {value} for '{name}'"])

    def survey(self, spec):
        """Refuse a survey that AWX refuses, with its only key ``error``."""
        for field, kind in (("name", str), ("description", str), ("spec", list)):
            if not isinstance(spec.get(field), kind):
                raise Refused(400, error=f"Field '{field}' is missing from survey spec.")
        if not spec["spec"]:
            raise Refused(400, error="'spec' doesn't contain any items.")
        seen = set()
        for place, one in enumerate(spec["spec"]):
            for field in ("type", "question_name", "variable", "required"):
                if not isinstance(one.get(field), bool if field == "required" else str):
                    raise Refused(400, error=f"'{field}' missing from survey question {place}")
            if one["variable"] in seen:
                raise Refused(400, error=f"'variable' '{one['variable']}' duplicated in survey question {place}.")
            seen.add(one["variable"])
            kind = one["type"]
            if kind not in QUESTIONS:
                raise Refused(400, error=f"'{kind}' in survey question {place} is not allowed")
            if one.get("default", "") != "" and not isinstance(one["default"], QUESTIONS[kind]):
                raise Refused(400, error=f"Default value {one['default']} in survey question {place} expected to be {kind}.")
            if kind in ("multiplechoice", "multiselect"):
                if "choices" not in one:
                    raise Refused(400, error=f"Survey question {place} of type {kind} must specify choices.")
                if any(item not in one["choices"] for item in one.get("default", "").splitlines()):
                    raise Refused(400, error="Default choice must be answered from the choices listed.")

    # What is shown

    def show(self, kind, one):
        """Return an object as the API shows it."""
        where = f"{self.prefix}{kind}/{one['id']}/"
        shown = {"type": kind[:-1].replace("inventorie", "inventory"), **one, "url": where, "related": {}, "summary_fields": {}}
        if kind in ("job_templates", "workflow_job_templates"):
            shown["related"]["survey_spec"] = f"{where}survey_spec/"
        if kind in ROLES:
            shown["summary_fields"]["object_roles"] = {f"{name}_role": {"id": self.role(one["id"], name)} for name in ROLES[kind]}
        if kind == "projects":
            shown["scm_revision"] = ""
        if kind == "workflow_job_template_nodes" and one["unified_job_template"]:
            sort, _ = self.find("unified_job_templates", one["unified_job_template"])
            shown["related"]["unified_job_template"] = f"{self.prefix}{sort}/{one['unified_job_template']}/"
        if kind == "credentials":
            kept = {field["id"]: field for field in (self.objects["credential_types"][one["credential_type"]]["inputs"] or {}).get("fields", [])}
            shown["inputs"] = {name: "$encrypted$" if kept[name].get("secret") else value for name, value in one["inputs"].items()}
        return shown

    def role(self, number, name):
        """Return the id of a role on an object."""
        return self.roles.setdefault((number, name), 100_000 + len(self.roles))

    # What is asked

    def list(self, kind, query):
        """Return the objects that match all of a query."""
        sorts = JOBS if kind == "unified_job_templates" else (kind,)
        found = []
        known = {"id", "name", "organization"} | {name.rstrip("!") for name in FIELDS.get(kind, {})}
        for name in query:
            if name.removeprefix("or__") not in known:
                raise Refused(400, detail=f"{kind} has no field named '{name}'")
        either = {name.removeprefix("or__"): value for name, value in query.items() if name.startswith("or__")}
        every = {name: value for name, value in query.items() if not name.startswith("or__")}
        for sort in sorts:
            for one in self.objects[sort].values():
                fits = all(str(one.get(name)) == str(value) for name, value in every.items())
                fits &= not either or any(str(one.get(name)) == str(value) for name, value in either.items())
                found += [self.show(sort, one)] * fits
        return self.page(found)

    def page(self, found):
        """Return a list as a page, which is the only one."""
        return {"count": len(found), "next": None, "previous": None, "results": found}

    def answer(self, method, path, query, body):
        """Return status and answer of a request to what follows the API's version."""
        parts = path.strip("/").split("/")
        kind = parts[0]
        if kind == "ping":
            return 200, {"version": "24.6.1", "active_node": "double", "ha": False}
        if kind == "tokens":
            return (201, {"id": 1, "token": "token"}) if method == "POST" else (204, None)
        if kind == "roles":
            key = int(parts[1]), parts[2]
            teams = self.granted.setdefault(key, set())
            if method == "GET":
                return 200, self.page([{"id": one} for one in teams])
            self.find("teams", body["id"])
            (teams.discard if body.get("disassociate") else teams.add)(body["id"])
            self.writes.append(("POST", "roles"))
            return 204, None
        if kind not in FIELDS and kind != "unified_job_templates":
            raise Refused(404, detail="Not found.")
        if len(parts) == 1:
            if method == "POST" and kind != "workflow_approval_templates":
                return 201, self.show(kind, self.add(kind, body))
            return 200, self.list(kind, query)
        number = int(parts[1])
        _, one = self.find(kind, number)
        if len(parts) == 2:
            if method == "PATCH":
                return 200, self.show(kind, self.change(kind, number, body))
            if method == "DELETE":
                self.delete(kind, number)
                return 202 if kind == "inventories" else 204, None
            return 200, self.show(kind, one)
        return self.part(method, kind, one, parts[2], body)

    def part(self, method, kind, one, name, body):
        """Return status and answer of a request to what belongs to an object."""
        if name == "survey_spec" and kind in ("job_templates", "workflow_job_templates"):
            if method == "POST":
                self.survey(body)
                self.surveys[one["id"]] = body
                self.writes.append(("POST", "survey_spec"))
                return 200, None
            return 200, self.surveys.get(one["id"], {})
        if name == "create_approval_template" and method == "POST":
            made = self.add("workflow_approval_templates", body)
            one["unified_job_template"] = made["id"]
            return 201, self.show("workflow_approval_templates", made)
        if name not in LISTS.get(kind, {}):
            raise Refused(404, detail="Not found.")
        sort, ids = LISTS[kind][name], self.lists.setdefault((name, one["id"]), [])
        if method == "GET":
            return 200, self.page([self.show(sort, self.objects[sort][number]) for number in ids])
        other = self.find(sort, body["id"])[1]
        if sort == kind == "workflow_job_template_nodes":
            if other["workflow_job_template"] != one["workflow_job_template"] or other is one:
                raise Refused(400, Error="Relationship not allowed.")
            if one["id"] in self.after(other["id"]):
                raise Refused(400, Error="Cycle detected.")
        if name == "galaxy_credentials" and "Galaxy" not in self.objects["credential_types"][other["credential_type"]]["name"]:
            raise Refused(400, msg="Credential must be a Galaxy credential.")
        if body.get("disassociate"):
            ids.remove(body["id"])
        elif body["id"] not in ids:
            ids.append(body["id"])
        self.writes.append(("POST", name))
        return 204, None

    def after(self, node):
        """Return the nodes that follow a node, near and far."""
        near = [one for (name, number), ids in self.lists.items() if number == node and name.endswith("_nodes") for one in ids]
        return {*near, *(far for one in near for far in self.after(one))}


class Served:
    """A controller that listens on the loopback."""

    def __init__(self, prefix="/api/"):
        self.controller = controller = Controller(prefix)
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_arguments):
                pass

            def respond(self):
                where = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or "{}") if length else {}
                known = self.headers.get("Authorization", "") in ("Bearer token", "Basic " + base64.b64encode(b"admin:secret").decode())
                with lock:
                    try:
                        if not where.path.startswith(controller.prefix):
                            raise Refused(404, detail="Not found.")
                        path = where.path.removeprefix(controller.prefix)
                        if not known and not path.startswith("ping"):
                            raise Refused(401, detail="Authentication credentials were not provided.")
                        status, answer = controller.answer(self.command, path, dict(parse_qsl(where.query)), body)
                    except Refused as refused:
                        status, answer = refused.status, refused.errors
                said = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("X-API-Product-Name", "AWX")
                self.send_header("X-API-Product-Version", "24.6.1")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do_PATCH = do_DELETE = respond

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        """End it."""
        self.server.shutdown()
        self.server.server_close()
