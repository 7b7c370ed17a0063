# The verbs of this repository; CI uses the same ones.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := run
.PHONY: run test check bench openapi web e2e fuzz test-tools

WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' -not -path 'web/e2e/*' 2>/dev/null)

# The profile `quick` (Cargo.toml) is optimised, without the minutes that whole-program optimisation costs.
run: web ## build everything and serve it with the demo on http://127.0.0.1:7700
	cargo build --locked --profile quick --package postil-server
	exec target/quick/postil serve --demo

web: web/dist/index.html ## build the web app, when its sources changed

web/node_modules/.complete: web/package.json web/package-lock.json web/.npmrc
	cd web && npm ci
	touch $@

web/dist/index.html: web/node_modules/.complete $(WEB_SOURCES)
	cd web && npm run build
	touch $@

test: test-tools ## everything, with what it needs installed
	scripts/test

check: web/node_modules/.complete ## the quick half of `test`: format and lints
	cargo fmt --all --check
	cargo clippy --locked --all-targets -- --deny warnings
	cd web && npm run check

bench: ## load generator against a release build; see bench/
	cargo build --locked --release --package postil-server --package loadgen
	bench/run

fuzz: ## what nobody would send, MINUTES=2 for each reader; needs cargo-fuzz, see fuzz/run
	nice -n 10 fuzz/run $(or $(MINUTES),2)

openapi: ## write the generated files: openapi.json and docs/configuration.md
	cargo build --locked --package postil-server
	target/debug/postil openapi > openapi.json
	target/debug/postil settings --markdown > docs/configuration.md

e2e: web ## the web app in Chromium against the real program
	cargo build --locked --package postil-server
	cd web && npm run e2e

test-tools: ## install what the tests need and is missing (Debian, Ubuntu)
	scripts/test-tools
