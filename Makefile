# What people type. `make help` lists it. A fresh machine needs Go 1.26, Node 20, make
# and a C compiler (for the race detector); everything else comes from lock files.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.PHONY: all help tools format vet static test infra-test prove demo run bench package deploy bootstrap smoke conformance azurite clean

STATICCHECK := go tool staticcheck
GO_FOLDERS := docs functions handler infra scripts/administer scripts/assemble scripts/bench scripts/bootstrap scripts/conformance scripts/demo scripts/deploy scripts/doctor scripts/package scripts/probe scripts/prove scripts/run scripts/session scripts/smoke
AZURITE := scripts/azurite/node_modules/.package-lock.json

all: tools format vet static test ## check the format, vet, analyse, then test; 16 minutes the first time

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

tools:
	@version=$$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p'); \
	if [ "$${version:-0}" -lt 26 ]; then echo "Go 1.26 or later is needed: install it from https://go.dev/dl, then run make again."; exit 1; fi
	@version=$$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p'); \
	if [ "$${version:-0}" -lt 20 ]; then echo "Node 20 or later is needed for the storage emulator: install it from https://nodejs.org, then run make again."; exit 1; fi
	@if ! command -v npm >/dev/null; then echo "npm is needed to install the storage emulator: it comes with Node from https://nodejs.org; then run make again."; exit 1; fi
	@if ! command -v $$(go env CC) >/dev/null; then echo "A C compiler is needed for the race detector: install gcc or clang (Debian: apt install gcc; macOS: xcode-select --install), then run make again."; exit 1; fi

format: ## check that every Go file is formatted; a second
	@echo "Checking the format ..."
	@found=$$(gofmt -l $(GO_FOLDERS)) || exit 1; \
	if [ -n "$$found" ]; then echo "Not formatted; run gofmt -w on:"; echo "$$found"; exit 1; fi

vet: tools ## go vet, both builds; a minute the first time
	@echo "Vetting; a minute the first time ..."
	@go vet ./...
	@go vet -tags simulated ./handler

static: tools ## staticcheck; two minutes the first time
	@echo "Analysing with staticcheck; two minutes the first time ..."
	@$(STATICCHECK) ./...
	@$(STATICCHECK) -tags simulated ./handler

test: tools azurite ## every test and story, with the race detector; 12 minutes the first time
	@echo "Testing with the race detector; 12 minutes the first time, less later ..."
	@began=$$(date +%s); go test -race -timeout 30m ./...; status=$$?; \
	echo "The tests took $$(($$(date +%s) - began)) seconds."; exit $$status

infra-test: tools ## check the templates without Azure, and that every check can fail; seconds after the build
	@go test -count=1 -v ./infra

prove: tools azurite ## try in full what must never fail, one table, also in docs/reliability.md; 40 minutes (SEED=n replays)
	@mkdir -p build/bin && go build -o build/bin/prove ./scripts/prove
	@exec build/bin/prove -seed=$(or $(SEED),0) $(if $(RUN),-run='$(RUN)')

demo: tools azurite ## the whole life of a grant on one screen; under a minute after the build
	@mkdir -p build/bin && go build -o build/bin/demo ./scripts/demo
	@exec build/bin/demo

run: tools azurite ## the same stack kept up, with commands to try (PORT=7071, TENANT=file.json)
	@mkdir -p build/bin && go build -o build/bin/run ./scripts/run
	@PORT='$(PORT)' TENANT='$(TENANT)' exec build/bin/run

bench: package azurite ## measure start, memory, sizes, requests and exposure, one table; a minute after the build
	@mkdir -p build/bin && go build -o build/bin/bench ./scripts/bench
	@exec build/bin/bench

package: tools ## build/mailgrant.zip, what is deployed; two minutes the first time
	@mkdir -p build && go run ./scripts/package

deploy: tools ## package, infrastructure, rights, code and a trial (WITH='-group name -parameters file -document file'); 20 minutes
	@mkdir -p build/bin && go build -o build/bin/deploy ./scripts/deploy
	@exec build/bin/deploy $(WITH)

bootstrap: tools ## give the service's identity its rights in a tenant, or take them back (WITH='-identity id …'); minutes
	@mkdir -p build/bin && go build -o build/bin/bootstrap ./scripts/bootstrap
	@exec build/bin/bootstrap $(WITH)

smoke: tools ## ask a deployed service for one real grant and hand it back (WITH='-workload id -mailbox address'); minutes
	@mkdir -p build/bin && go build -o build/bin/smoke ./scripts/smoke
	@exec build/bin/smoke $(WITH)

conformance: tools ## ask a test tenant about what is not certain (WITH='-mailbox address'); two minutes
	@mkdir -p build/bin && go build -o build/bin/conformance ./scripts/conformance
	@exec build/bin/conformance $(WITH)

azurite: $(AZURITE) ## install the storage emulator from its lock file; half a minute, once

$(AZURITE): scripts/azurite/package-lock.json | tools
	@echo "Installing the storage emulator; half a minute, once ..."
	@npm ci --prefix scripts/azurite --no-audit --no-fund --loglevel=error
	@touch $@

clean: ## remove everything that was built or installed here
	@echo "Removing build and the storage emulator ..."
	@rm -rf build scripts/azurite/node_modules
