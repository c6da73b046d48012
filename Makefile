# SPDX-License-Identifier: GPL-2.0-or-later
# Forwards to meson; installs on a Debian machine what it needs first.

BUILD ?= build

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	tools/install-deps
	meson setup $(BUILD)

check: all
	tools/check-layers
	tools/check-headers
	tools/check-functions
	tests/run --spile $(BUILD)/spile

test: check

demo: all
	tools/demo $(BUILD)/spile

install: all
	meson install -C $(BUILD)

clean:
	rm -rf $(BUILD)

.PHONY: all check test demo install clean
