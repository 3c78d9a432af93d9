# make demo · make test · make bench: each complete on a fresh Debian 12 (root or sudo). `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := demo
PRESET ?= release
JOBS ?= $(shell nproc)
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

.PHONY: help packages release demo test bench fuzz format tidy install clean

help:
	@echo "make demo      install what is missing, build, run real WebAssembly programs"
	@echo "make test      the same, and run every test"
	@echo "make bench     compare with every other runtime found on this machine"
	@echo "make release   build only: build/release/bin/wherry"
	@echo "make install   install the release build (PREFIX=/usr/local)"
	@echo "make fuzz      run every fuzzer for FUZZ_SECONDS (60) under ASan and UBSan"
	@echo "make format    format the sources     make tidy    run clang-tidy over them"
	@echo "make clean     remove build/"

# Installs what packages.txt lists and the machine lacks; says nothing when there is nothing to do.
packages:
	@cmake/install-packages.sh packages.txt

release: packages
	@cmake --preset release --log-level=WARNING -DWHERRY_TESTS=OFF
	@cmake --build --preset release -j $(JOBS)

demo: release
	@examples/demo.sh build/release

# The dev build holds the tests; tests/matrix/CMakeLists.txt adds the other builds (sanitizers, loop back-end, release).
test: packages
	@cmake --preset dev --log-level=WARNING
	@cmake --build --preset dev -j $(JOBS)
	@ctest --test-dir build/dev --output-on-failure -j $(JOBS)

bench: release
	@python3 bench/bench.py run --json bench/results/latest.json

FUZZ_SECONDS ?= 60
fuzz: packages
	@cmake --preset fuzz --log-level=WARNING
	@cmake --build --preset fuzz -j $(JOBS)
	@fuzz/run.sh build/fuzz $(FUZZ_SECONDS)

format: packages
	@git ls-files '*.cc' '*.h' | xargs clang-format-22 -i

tidy: packages
	@cmake --preset dev --log-level=WARNING
	@git ls-files 'src/*.cc' | xargs -P $(JOBS) -n 4 clang-tidy-22 -p build/dev --quiet

PREFIX ?= /usr/local
install: release
	@cmake --install build/release --prefix $(PREFIX)

clean:
	@rm -rf build
