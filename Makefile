# Two commands do everything: `make demo` shows the profiles on the embedded AWS, `make test` is the gate.
.DEFAULT_GOAL := help
.PHONY: help setup docs demo test lint unit integration molecule proofs eventual judges sanity versions aws-up aws-down aws-reset aws-status destroy bench pins clean

PYTHON := .venv/bin/python
PORT ?= 4566
SEEDS ?= 1 2 3 4 5 6 7 8 9 10
INVENTORY ?= inventories/local

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## Install the pinned dependencies into .venv
	@sh scripts/setup.sh

demo: setup ## Plan, deploy and release on the embedded AWS, and show the work that came of it
	@PORT=$(PORT) sh scripts/demo.sh

test: setup ## Run the whole gate: lint, unit, contract, the cycle of both profiles, molecule
	@sh scripts/test.sh

lint unit integration molecule: setup ## Run one stage of the gate
	@sh scripts/test.sh $@

eventual: setup ## Live through an AWS that is late, for SEEDS
	@SEEDS="$(SEEDS)" sh scripts/test.sh eventual

proofs: setup ## Run what takes too long for the gate: every inventory, ten kills of each run, whole profiles at stock speed
	@sh scripts/test.sh proofs

judges: setup ## Ask those who know AWS: RECORDED=DIR, PLACEBO=DIR, VERIFIED=DIR are clones with what was recorded from it, or run on it
	@sh scripts/test.sh judges

sanity: setup ## Run ansible-test sanity and antsibull-docs on the collection
	@sh scripts/sanity.sh

versions: setup ## Live both profiles' whole life from the tarball on each ansible-core and Python: VERSIONS="2.20 2.21"
	@VERSIONS="$(VERSIONS)" sh scripts/versions.sh

aws-up: setup ## Start the embedded AWS on 127.0.0.1:PORT (4566)
	@$(PYTHON) -m emulator start --port $(PORT)

aws-down: setup ## Stop the embedded AWS
	@$(PYTHON) -m emulator stop --port $(PORT)

aws-reset: setup ## Empty the embedded AWS
	@$(PYTHON) -m emulator reset --port $(PORT)

aws-status: setup ## Say whether the embedded AWS runs
	@$(PYTHON) -m emulator status --port $(PORT)

destroy: setup ## Take the try-out's stacks away again
	@PORT=$(PORT) sh scripts/embedded.sh ansible-playbook playbooks/destroy.yml -i $(INVENTORY)

docs: setup ## Write the roles' READMEs and the table of strict mode's rules
	@$(PYTHON) scripts/document.py

pins: setup ## Compile requirements.txt anew from requirements.in
	@.venv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --universal \
	  --python-version 3.12 requirements/requirements.in -o requirements/requirements.txt

clean: ## Remove what this makefile made
	@[ ! -x $(PYTHON) ] || $(PYTHON) -m emulator stop --port $(PORT) || true
	@rm -rf .venv .emulator .cache reports
