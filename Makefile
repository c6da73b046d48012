# SPDX-License-Identifier: GPL-2.0-or-later
# Forwards to meson and to the tools; installs what a Debian machine lacks
# first.
#
#	make			build build/spile
#	make demo		run a script against this machine, for seconds
#	make check		run the tests
#	make check-kernels	run the live tests on other kernels, in QEMU
#	make check-random	1000 random scripts on each of these kernels
#	make install		PREFIX=/usr/local, DESTDIR=
#	make bench		what a start costs, an event, output; beside
#				bpftrace and C; into docs/performance.md
#	make conformance	SystemTap's examples through each pass
#	make truth		values against gdb's, in programs compiled in many ways
#	make fuzz		60 s of fuzzing for each target (SECONDS=60)
#	make format		clang-format over what is there

BUILD ?= build
PREFIX ?= /usr/local
SECONDS ?= 60

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@tools/install-deps build
	meson setup --prefix $(PREFIX) $(MESON_OPTIONS) $(BUILD)

check: all
	@tools/install-deps check
	@tests/run --build $(BUILD)

check-kernels: all
	@tools/install-deps kernels
	@tools/check-kernels --build $(BUILD) $(KERNEL_TESTS)

check-random: all
	@tools/install-deps kernels
	@tools/check-random --build $(BUILD) $(RANDOM_TESTS)

test: check

demo: all
	@tools/demo $(BUILD)/spile

install: all
	meson install -C $(BUILD)

bench: all
	@tools/install-deps bench
	@tests/bench/bench --spile $(BUILD)/spile --write $(BENCH)

conformance: all
	@tools/conformance --spile $(BUILD)/spile $(CONFORMANCE)

truth: all
	@tools/install-deps truth
	@tests/truth/truth --build $(BUILD) $(TRUTH)

fuzz:
	@tools/install-deps check
	@tools/fuzz $(SECONDS)

format:
	@tools/check-format --fix

clean:
	rm -rf $(BUILD)

.PHONY: all check check-kernels check-random test demo install bench conformance truth fuzz format clean
