# The only entry points; CI runs these and nothing else. `make help` lists them.
SHELL := /bin/sh
VENV := .venv
WORKERS := $(shell expr $$(nproc) + 1)
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# Where tests that need root are, which tests/conftest.py checks: each process of pytest reads all that it is given.
WITH_ROOT := $(addprefix tests/,dataplane e2e integration/kubernetes integration/twin real)
# What of other tools this machine has.
WITH_PARTS = TWINSPAN_AWSCLI=$(abspath .venv-awscli/bin/aws) TWINSPAN_PROVIDER_MIRROR="$$TWINSPAN_PROVIDER_MIRROR"
SUDO := $(if $(filter 0,$(shell id -u)),env,sudo env PATH="$$PATH" CI="$$CI" PYTHONDONTWRITEBYTECODE=1)
export PATH := $(abspath $(BIN)):$(PATH)
# Hundreds of short-lived Pythons: without their byte code each would compile all it imports.
unexport PYTHONDONTWRITEBYTECODE
# Tests of seconds each.
QUICK := not slow and not long and not alone and not az
# The data plane without clusters.
PLANE := $(wildcard tests/dataplane/test_*.py) tests/dataplane/wire

PACKAGES := charon-systemd strongswan-swanctl libcharon-extra-plugins libstrongswan-standard-plugins \
  libstrongswan-extra-plugins bird2 nftables iproute2 iputils-ping iperf3 util-linux ca-certificates
KUBERNETES_PACKAGES := etcd-server containerd runc containernetworking-plugins iptables conntrack busybox-static \
  wget python3
# What goes into the images of Kubernetes' own tests.
CONFORMANCE_PACKAGES := bind9-dnsutils curl netcat-openbsd
TEST_PACKAGES := $(PACKAGES) $(CONFORMANCE_PACKAGES) tcpdump prometheus chromium

# A filesystem mirror with the real hashicorp/aws, if this machine has one: some slow tests run it against the twin.
export TWINSPAN_PROVIDER_MIRROR ?= $(patsubst %/registry.terraform.io,%,$(firstword \
  $(wildcard /opt/*/registry.terraform.io $(HOME)/.terraform.d/plugins/registry.terraform.io)))

GET_KUBERNETES := nice $(BIN)/python -m twinspan.twin.kubernetes.install kubernetes coredns requirements-go.txt

.DEFAULT_GOAL := help
.PHONY: help demo install wheel kubernetes kubernetes-archive test test-unit test-root test-drills test-plane test-slow test-long test-real test-az test-conformance conformance-suite ci lint format bench bench-robustness clean host test-host clusters

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 20

demo: install ## Build, check, break, measure and remove the whole network on this machine
	@scripts/install-host $(KUBERNETES_PACKAGES) || echo "Going on without Kubernetes clusters, for the reason above"
	@$(BIN)/twinspan demo --get-kubernetes

install: host $(VENV)/.run ## Install what `twinspan` needs (apt packages, .venv)

host:
	@scripts/install-host $(PACKAGES)

$(VENV)/.run: requirements-twin.txt requirements-report.txt pyproject.toml
	@scripts/install-python $(VENV) requirements-twin.txt requirements-report.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@scripts/install-terraform $(BIN)/terraform .venv-terraform
	@touch $@

kubernetes: $(VENV)/.run ## Get the Kubernetes programs, once per user (builds them unless they are on PATH)
	@scripts/install-host $(KUBERNETES_PACKAGES)
	@$(GET_KUBERNETES)

kubernetes-archive: $(VENV)/.run ## Write the Kubernetes programs into an archive for TWINSPAN_KUBERNETES
	@$(GET_KUBERNETES) --archive .

clusters: $(VENV)/.run
	@$(MAKE) --no-print-directory kubernetes || echo "Going on without Kubernetes clusters, for the reason above"

test-host:
	@scripts/install-host $(TEST_PACKAGES)

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@scripts/install-python $(VENV) requirements-dev.txt
	@touch $@

.venv-awscli/.done: requirements-awscli.txt
	@scripts/install-python .venv-awscli requirements-awscli.txt
	@touch $@

.venv-az/.done: requirements-az.txt
	@echo "azure-cli is large (700 MB); this takes a minute or two"
	@scripts/install-python .venv-az requirements-az.txt
	@touch $@

test: lint test-unit test-root ## Lint, types and every test that takes seconds (installs what it needs)

test-unit: test-host $(VENV)/.dev .venv-awscli/.done
	@TWINSPAN_AWSCLI=$(abspath .venv-awscli/bin/aws) $(PYTEST) -q -n $(WORKERS) --dist loadfile -m "not root and $(QUICK)"

test-root: test-host clusters $(VENV)/.dev
	@$(SUDO) $(PYTEST) -q -p no:cacheprovider -n $(WORKERS) --dist loadfile -m "root and $(QUICK)" $(WITH_ROOT)

test-drills: test-host clusters $(VENV)/.dev ## Whole drills one after the other; they measure packets, so nothing runs beside them
	@$(SUDO) $(PYTEST) -q -p no:cacheprovider --durations=10 -m alone $(WITH_ROOT)

test-plane: test-host $(VENV)/.dev ## What takes longer of the data plane: timers, rekeying, takeovers
	@$(SUDO) $(PYTEST) -q -p no:cacheprovider -n $(WORKERS) --dist loadfile -m "slow and not alone" $(PLANE)

test-slow: test-host clusters $(VENV)/.dev .venv-awscli/.done ## The slow suites (whole runs, benchmarks' own checks)
	@$(SUDO) $(WITH_PARTS) $(PYTEST) -q -p no:cacheprovider -n $(WORKERS) --dist loadfile --durations=25 \
	  -m "slow and not alone and not az and not real" $(addprefix --ignore=,$(PLANE))

test-long: test-host clusters $(VENV)/.dev .venv-awscli/.done ## What CI does not wait for: every fault, alert and change of clusters (40 minutes)
	@$(SUDO) $(WITH_PARTS) $(PYTEST) -q -p no:cacheprovider -n $(WORKERS) --dist loadfile --durations=25 -m "long and not az"

test-real: test-host clusters $(VENV)/.dev ## The real Terraform providers on the twin; TWINSPAN_PROVIDER_MIRROR must hold both
	@$(SUDO) TWINSPAN_PROVIDER_MIRROR="$$TWINSPAN_PROVIDER_MIRROR" $(PYTEST) -p no:cacheprovider -m real

test-az: test-host clusters $(VENV)/.dev .venv-az/.done .venv-awscli/.done ## The real az CLI against the twin (installs 700 MB once)
	@$(SUDO) TWINSPAN_AZ=$(abspath .venv-az/bin/az) TWINSPAN_AWSCLI=$(abspath .venv-awscli/bin/aws) \
	  $(PYTEST) -p no:cacheprovider -m az

conformance-suite: $(VENV)/.run ## Build Kubernetes' own end-to-end tests, once per user (20 minutes of one core's time)
	@nice $(BIN)/python tools/conformance_suite.py conformance requirements-go.txt

test-conformance: kubernetes conformance-suite .venv-awscli/.done ## Kubernetes' own tests of networks, workloads and policies on EKS and AKS
	@scripts/install-host $(CONFORMANCE_PACKAGES)
	@$(SUDO) PATH="$(abspath .venv-awscli/bin):$$PATH" $(BIN)/python tools/conformance.py

ci: test test-plane test-drills test-slow ## Everything CI runs

lint: $(VENV)/.dev ## ruff, mypy --strict, terraform fmt, shellcheck; warnings are errors
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@for conftest in $$(find tests -name conftest.py); do MYPYPATH=$$(dirname $$(dirname $$conftest)) $(BIN)/mypy $$conftest || exit 1; done
	@terraform fmt -check -recursive terraform
	@$(BIN)/shellcheck scripts/* examples/*/*.sh .ci/run

format: $(VENV)/.dev ## Format Python and HCL
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@terraform fmt -recursive terraform

wheel: $(VENV)/.run ## Build the wheel into dist/, for `pip install` elsewhere
	@$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist .

bench: install kubernetes ## Run the benchmarks and print their ratios
	@$(SUDO) $(BIN)/python benchmarks/time_to_ping.py terraform/envs/dev
	@$(SUDO) $(BIN)/python benchmarks/throughput.py terraform/envs/dev
	@$(SUDO) $(BIN)/python benchmarks/clusters.py terraform/envs/dev
	@$(SUDO) $(BIN)/python benchmarks/measuring.py terraform/envs/dev
	@$(SUDO) $(BIN)/python benchmarks/report.py terraform/envs/dev
	@$(SUDO) env TWINSPAN_PROVIDER_MIRROR="$$TWINSPAN_PROVIDER_MIRROR" $(BIN)/python benchmarks/any_terraform.py examples/four-tunnels-by-count

bench-robustness: $(VENV)/.dev ## A million requests that make no sense to each API; a 5xx or a silence fails
	@$(BIN)/python benchmarks/robustness.py --api both --requests 1000000

clean: ## Remove what make made here
	rm -rf .venv .venv-awscli .venv-az .venv-terraform .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
