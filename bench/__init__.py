"""Measures this project beside stock ansible-core, Mitogen, Terraform and the least that the same requests cost."""
