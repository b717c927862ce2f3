# Short names for plain go commands: `make -n TARGET` prints what a target would run.
#
# Two modules: the root knows only Temporal's SDK, devserver/ carries the whole server. Most targets visit both.

TOOL = go tool -modfile=$(CURDIR)/tools/go.mod
FUZZTIME ?= 10s
# A folder of OSV files to look vulnerabilities up in; empty asks the Go team's server.
VULNDB ?=

.DEFAULT_GOAL := help
.PHONY: help demo dev build test race fuzz lint fmt workflowcheck replay model races audit redteam integration canary chaos saboteurs mutants bulk vuln ci report images secrets docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Watch a port go through the real saga, weeks in seconds
	go -C devserver run ./cmd/portsaga demo

dev: ## Run everything in one process and stay up: engine, Web UI, ledger, carrier, worker
	go -C devserver run ./cmd/portsaga dev

build: ## Build bin/portsaga (lean) and bin/portsaga-all (with the embedded engine)
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/portsaga ./cmd/portsaga
	CGO_ENABLED=0 go -C devserver build -trimpath -ldflags '-s -w' -o ../bin/portsaga-all ./cmd/portsaga

test: ## Run every test of both modules
	go test ./...
	go -C devserver test ./...

race: ## Run every test under the race detector
	go test -race ./...
	go -C devserver test -race ./...

fuzz: ## Fuzz each fuzz target for FUZZTIME (10s)
	@grep -rHoE --include='*_test.go' '^func Fuzz\w+' porting rules carrier internal starter | sed 's/:func / /' | \
	while read -r file target; do \
		echo "go test -run '^$$' -fuzz '^$$target$$' -fuzztime $(FUZZTIME) ./$$(dirname "$$file")"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "./$$(dirname "$$file")" || exit 1; \
	done

lint: ## Run golangci-lint on both modules (.golangci.yml says why each linter is there)
	$(TOOL) golangci-lint run ./...
	cd devserver && $(TOOL) golangci-lint run ./...

fmt: ## Format both modules the way lint wants it
	$(TOOL) golangci-lint fmt
	cd devserver && $(TOOL) golangci-lint fmt

workflowcheck: ## Look for code in the sagas that could not be replayed
	$(TOOL) workflowcheck -config tools/workflowcheck.yaml ./workflows/...

replay: ## Replay the golden histories: ports that started under older code must go on
	go test -count=1 -run '^TestReplay' -v ./workflows/...

model: ## Live through 10,000 random ports (PORTSAGA_MODEL_PORTS=n for another number)
	PORTSAGA_MODEL_PORTS=$${PORTSAGA_MODEL_PORTS:-10000} go test -count=1 -timeout 30m -run '^TestModel' -v ./workflows

races: ## Race revocations against activations 10,000 times, on SQLite and PostgreSQL
	PORTSAGA_TEST_RACES=10000 go test -count=1 -timeout 30m ./internal/ledger

audit: ## Append and prove 100,000 leaves of the audit log on SQLite and PostgreSQL, and print the rates
	PORTSAGA_AUDIT_LEAVES=100000 go test -count=1 -timeout 30m -v -run '^TestAudit.*/many' ./internal/ledger
	go test -run '^$$' -bench . ./internal/audit/evidence

redteam: ## Attack ports on a real server, without and with the authorizer
	PORTSAGA_REDTEAM=full go -C devserver test -count=1 -timeout 20m -v ./redteam

integration: ## Run a deployment on this machine: PostgreSQL, Temporal with mutual TLS, workers by role, each a process and user
	PORTSAGA_INTEGRATION=full go -C devserver test -count=1 -timeout 30m -v ./integration

canary: ## Write people who do not exist into every field, play every scenario, and look for them in all that was written
	PORTSAGA_CANARY=full go -C devserver test -count=1 -timeout 25m -v ./canary

chaos: ## Break everything while ports live through it, and have an oracle judge (PORTSAGA_CHAOS=3m, 20m or 75m)
	cd devserver/chaos && PORTSAGA_CHAOS=$${PORTSAGA_CHAOS:-3m} go test -count=1 -timeout 2h -v -run '^TestCampaign$$'

saboteurs: ## Put bugs into the code, one at a time, and see that a test notices each
	PORTSAGA_SABOTEURS=all go test -count=1 -timeout 60m -v ./internal/sabotage

mutants: ## Change one operator at a time, and count what no test notices (PORTSAGA_MUTANTS=transitions for one room)
	go -C tools run ./mutants -only '$(PORTSAGA_MUTANTS)'

bulk: ## Move 20,000 numbers as one order on the embedded engine, and print the rate
	PORTSAGA_BULK=full go -C devserver test -count=1 -timeout 60m -v ./bulk

vuln: ## Look for known vulnerabilities (VULNDB=dir works offline)
	$(TOOL) govulncheck $(if $(VULNDB),-db file://$(abspath $(VULNDB))) ./...
	cd devserver && $(TOOL) govulncheck $(if $(VULNDB),-db file://$(abspath $(VULNDB))) ./...

ci: ## Run all that CI runs, in its order
	.ci/run

report: ## Measure this commit, and write one page of it to dist/report (REPORT='-tier full' takes hours)
	go -C tools run ./release $(REPORT)

images: ## Build dist/portsaga.tar and dist/portsaga-temporal.tar without a container engine (docker load takes them)
	go -C tools run ./image -out ../dist

alerts: ## Play the alerts with Prometheus's own engine
	cd deploy/prometheus && go test ./...

docs: ## Make the documentation a site in dist/docs: HTML that needs nothing from elsewhere
	go -C docs/site run . -out ../../dist/docs

secrets: ## Create the secrets that docker-compose.yml mounts (existing ones are kept)
	deploy/secrets.sh

clean: ## Remove what build made
	rm -rf bin dist
