"""Lets every test import the collection by its full name, as Ansible does."""

from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

ROOT = Path(__file__).resolve().parent.parent

init_plugin_loader([str(ROOT / "collections")])
