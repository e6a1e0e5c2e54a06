# What can be done here; `make help` prints it. Everything works on a clean checkout.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The rooms that talk to no database and no network: the race detector runs over them where gcc is.
PURE := access archtest audit clock contact document fault holdings id money promise words
SOURCES := $(shell find cmd internal -type f \( -name '*.go' -o -name '*.html' -o -name '*.json' -o -name '*.sql' \) ! -path 'internal/web/dist/*' 2>/dev/null)
ASSETS := $(shell find internal/web/assets -type f 2>/dev/null)
FONTS := internal/document/fonts/OFL.txt
STATICCHECK := go tool -modfile=tools/go.mod staticcheck

.PHONY: help run build test check race soak twins fuzz bench attack drill-ha pictures pages deps deps-attack deps-ha check-reference check-netns check-keepers clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, load the demo clinic on the first start, and serve http://127.0.0.1:8080
	@bin/almirah serve --demo

build: bin/almirah ## leave the program in bin/almirah, and bin/almirah-verify beside it

bin/almirah: go.mod go.sum $(SOURCES) internal/web/dist/manifest.json $(FONTS)
	CGO_ENABLED=0 go build -trimpath -o $@ ./cmd/almirah
	CGO_ENABLED=0 go build -trimpath -o bin/almirah-verify ./cmd/almirah-verify

node_modules/.stamp: package.json package-lock.json
	npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

tools/oracles/node_modules/.stamp: tools/oracles/package.json tools/oracles/package-lock.json
	cd tools/oracles && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

internal/web/dist/manifest.json: node_modules/.stamp $(ASSETS) $(wildcard internal/web/gen/*.go)
	go run ./internal/web/gen
	@touch $@

$(FONTS): node_modules/.stamp $(wildcard internal/document/gen/*.go)
	go run ./internal/document/gen
	@touch $@

test: check ## run every test on both databases; ALMIRAH_STRICT=1 makes a skip a failure
	@# The two rooms whose tests take longest begin first, so that neither is left alone at the end.
	go test -p 2 -timeout 18m ./internal/web/gallery ./internal/app ./...
	@$(MAKE) --no-print-directory race

check: internal/web/dist/manifest.json $(FONTS) ## format, vet, staticcheck, house rules, promises, holdings
	@bad=$$(gofmt -l cmd internal); if [ -n "$$bad" ]; then echo "gofmt these files:"; echo "$$bad"; exit 1; fi
	go vet ./...
	$(STATICCHECK) ./...
	ALMIRAH_TWINS=0 go test ./internal/archtest/... ./internal/promise ./internal/holdings

race: ## the race detector over the pure rooms and one booking, where gcc is
	@if command -v gcc >/dev/null; then \
	  rooms=$$(for r in $(PURE); do [ -d internal/$$r ] && echo ./internal/$$r; done); \
	  ALMIRAH_TWINS=0 CGO_ENABLED=1 go test -race -timeout 10m $$rooms; \
	  if grep -rq 'func TestRace' internal/scheduling; then CGO_ENABLED=1 go test -race -timeout 10m -run '^TestRace' ./internal/scheduling; fi; \
	else echo "SKIPPED: the race detector needs gcc, which this machine lacks"; fi

soak: internal/web/dist/manifest.json $(FONTS) ## the long proofs in full, part by part; a part that passed is not run again (PART=scheduling for one)
	@scripts/soak $(PART)

twins: internal/web/dist/manifest.json $(FONTS) ## break every control in turn and see exactly its proofs go red; what was seen is not run again until something it hangs on changes (NAME=words-of-one)
	@scripts/twins $(NAME)

drill-ha: ## kill the leading one of three PostgreSQL servers three times under booking load (make deps-ha)
	ALMIRAH_SOAK=1 ALMIRAH_STRICT=1 go test -count=1 -v -timeout 20m -run '^TestThePrimaryIsKilledUnderLoad$$' ./internal/rig/ha

bench: build ## measure the operations beside the limit program, on both databases (BENCH="--quick" for a short form)
	@go run ./internal/rig/pg/serve bin/almirah bench $(BENCH)

attack: build ## turn sqlmap, wapiti, testssl and naughty strings against a local house, with controls they must find (ATTACK="sqlmap" for one)
	go run ./internal/rig/attack bin/almirah $(ATTACK)

fuzz: ## give every parser of outside bytes random input, each for FUZZ (default 10s)
	@scripts/fuzz $(or $(FUZZ),10s)

pictures: internal/web/dist/manifest.json $(FONTS) ## save every page of the demo under out/pictures
	ALMIRAH_PICTURES="$(CURDIR)/out/pictures" go test -count=1 -timeout 30m -run '^TestPictures$$' ./internal/app

pages: ## write the generated pages of docs/ and the golden files again
	go test ./internal/archtest -run '^TestWhoMay$$' -update
	go test ./internal/promise -run '^TestGenerated' -update
	if grep -rq 'flag.Bool("update"' internal/app; then go test ./internal/app -run '^TestGenerated' -update; fi

deps: ## install what the tests need, on Debian; and the packages of the front end
	@scripts/deps
	@$(MAKE) --no-print-directory node_modules/.stamp tools/oracles/node_modules/.stamp

deps-attack: ## install the tools of make attack, on Debian
	@scripts/deps attack

deps-ha: deps ## install what the drill of several database servers needs too
	@scripts/deps ha

check-reference: internal/web/dist/manifest.json $(FONTS) ## checks against reference data (ALMIRAH_REFERENCE_DATA, or ../shared/data when it is there)
	@scripts/check-reference

check-netns: internal/web/dist/manifest.json $(FONTS) ## some browser tests where nothing but this machine exists, and every call to elsewhere is seen (ALMIRAH_SOAK=1: all of them)
	ALMIRAH_CHECK_NETNS=1 go test -count=1 -v -timeout 60m -run '^(TestStrayCallsAreSeen|TestTheBrowserSuiteAlone)$$' ./internal/rig/alone

check-keepers: ## the keepers of the root key beside Vault's own transit engine and local-kms, which are fetched and built first (minutes)
	ALMIRAH_CHECK_KEEPERS=1 go test -count=1 -timeout 20m -run '^TestReferenceKeepers$$' ./internal/vault

clean: ## remove what was built (never the data or the keys)
	rm -rf bin out node_modules
	find internal/web/dist internal/document/fonts -mindepth 1 ! -name .keep -delete
