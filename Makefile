# What to do with lanes; `make help` lists it. Each target calls a script, which opens with its purpose and usage.
PREFIX ?= /usr/local
DESTDIR ?=

.DEFAULT_GOAL := help
.PHONY: help build demo test coverage bench docs install uninstall release check-release format lint asan tsan fuzz clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the program: .build/release/lanes
	@Scripts/build

demo: build ## Convert photographs under every engine and compare what each cost
	@Scripts/demo

test: ## Build and run all tests
	@Scripts/test

coverage: ## Run all tests and print which part of each module's lines they ran (takes long)
	@Scripts/coverage

bench: build ## Measure against well-known programs and write BENCHMARKS.md (takes long)
	@Scripts/bench

docs: build ## Build the documentation as plain pages: .build-site/index.html
	@Scripts/site

install: ## Install program, manual and completions: PREFIX=/usr/local DESTDIR=
	@Scripts/install "$(PREFIX)" "$(DESTDIR)"

uninstall: ## Remove what install put there: PREFIX=/usr/local DESTDIR=
	@Scripts/install --remove "$(PREFIX)" "$(DESTDIR)"

release: ## Make an archive, a Debian package and a container file in dist/
	@Scripts/release

check-release: ## Install what release made on a bare Debian of 2021 and run the demo there (as root)
	@Scripts/check-release

format: ## Lay out all Swift sources as .swift-format says
	@swift format --in-place --parallel --recursive Sources Tests Fuzz Package.swift

lint: ## Check layout, imports, file sizes and scripts
	@Scripts/lint

asan: ## Run all tests under the address sanitizer
	@Scripts/test --sanitize=address

tsan: ## Run all tests under the thread sanitizer
	@Scripts/test --sanitize=thread

fuzz: ## Try made-up images on every decoder, ten minutes each (SECONDS=600)
	@Scripts/fuzz $(or $(SECONDS),600)

clean: ## Remove everything that was built or fetched
	@rm -rf .build .build-test .build-asan .build-tsan .build-bench .build-fuzz .build-coverage .build-site dist
