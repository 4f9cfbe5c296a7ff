# nullsender: reads bounce mailboxes, judges each bounce, keeps the ledger in PostgreSQL.
#
#   make          the program, build/nullsender
#   make demo     the whole way with throwaway servers (KEEP=1 leaves them running)
#   make check    all tests; installs what they need
#   make asan     the tests again under AddressSanitizer and UBSan
#   make bench    how fast it is, beside its peers
#   make fuzz     hostile input for a minute each (FUZZ_SECONDS=n) to all that reads some
#   make accuracy CORPUS=DIR  how often the judge is right, on labelled mails
#   make help     every target

VERSION := 0.1.0
MAKEFLAGS += --no-builtin-rules
BUILD := build

# All Debian packages that building, the demo and the tests need: the one list.
PACKAGES := gcc clang clang-format make git pkg-config python3 openssl \
	libetpan-dev libcurl4-gnutls-dev libpq-dev libvectorscan-dev nettle-dev libidn2-dev \
	libjansson-dev libconfuse-dev libseccomp-dev libsystemd-dev libcmocka-dev \
	dovecot-imapd dovecot-lmtpd postgresql
# The tests look at the HTML report in a real browser, read manual pages and completions, and fuzz
# with libFuzzer, which is in the package that clang only recommends.
PACKAGES_CHECK := chromium chromium-driver mandoc zsh libclang-rt-dev
# What `make bench` measures, and what it measures against.
PACKAGES_BENCH := valgrind libsisimai-perl python3-flufl.bounce \
	libmail-deliverystatus-bounceparser-perl getmail6

# make deb builds a package and looks it over.
PACKAGES_DEB := debhelper lintian

# --- the layers: which libraries each one may use -----------------------------------------------
# cmd/ may use all of them; tests/lint.py holds the includes to this table.

LAYERS := base mime classify imap store cmd
PKG_base :=
PKG_mime := libetpan
PKG_classify := libhs nettle libidn2
PKG_imap := libcurl
PKG_store := libpq
PKG_cmd := jansson libconfuse nettle libcurl libseccomp libsystemd
# What an archive calls in other archives; its unit tests link these and nothing else.
USES_base :=
USES_mime := base
USES_classify := base
USES_imap := base
USES_store := base
USES_cmd := mime classify imap store base

DIR_base := cmd/base
DIR_mime := mime
DIR_classify := classify
DIR_imap := imap
DIR_store := store
DIR_cmd := cmd

# --- how to compile -----------------------------------------------------------------------------

CC := gcc
CFLAGS := -O2 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wvla \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings \
	-Wformat=2 -Wundef -Wcast-qual -Wpointer-arith -Werror
HARDENING := -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
SANITIZE :=
COMPILE = $(CC) -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. $(WARNINGS) $(HARDENING) \
	$(SANITIZE) $(CFLAGS) -MMD -MP
LINK = $(CC) $(SANITIZE) $(CFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS)

# make V=1 shows the commands.
Q := $(if $(V),,@)
say = @$(if $(V),:,printf '  %-5s %s\n') $(1)

# libetpan.pc of Debian 12 leaks -specs=...no-pie-link.specs; third-party headers are not ours to
# warn about, hence -isystem.
pkg_cflags = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(1)))
pkg_libs = $(filter-out -specs=% -Wl%,$(shell pkg-config --libs $(1)))

# Programs of their own, which the build runs.
TOOLS := cmd/embed_rules.c cmd/manual.c cmd/completions.c
sources = $(filter-out $(TOOLS),$(sort $(wildcard $(DIR_$(1))/*.c)))
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(call sources,$(1)))
unit_tests = $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/unit/$(1)/test_*.c)))

UNIT_TESTS := $(foreach layer,$(LAYERS),$(call unit_tests,$(layer)))
# Manual pages and completions, from the tables of commands and of keys.
PAGES := nullsender.8 nullsender.conf.5 nullsender-rules.5 nullsender-schema.7
MANUAL := $(PAGES:%=$(BUILD)/man/%) $(BUILD)/completion/bash $(BUILD)/completion/zsh
EMBEDDED := $(patsubst %,$(BUILD)/obj/cmd/embedded_%.o,rules migrations page ruleset)

.PHONY: all program manual pages deps demo check asan bench fuzz accuracy forgery lint format clean help
.DELETE_ON_ERROR:

CORPUS :=
FUZZ_BUILD := build-fuzz
FUZZ_SECONDS := 60

all: program manual
program: $(BUILD)/nullsender
manual: $(MANUAL)

# One archive a layer, one program a unit test. $(1) is the layer.
define layer_rules
$(BUILD)/$(1).a: $(call objects,$(1))
	$$(call say,AR $$@)
	$(Q)rm -f $$@ && ar rcs $$@ $$^
$(call objects,$(1)): private PKG_FLAGS = $$(if $(PKG_$(1)),$$(call pkg_cflags,$(PKG_$(1))))
$(call unit_tests,$(1)): $(BUILD)/%: %.c $(BUILD)/$(1).a $(foreach use,$(USES_$(1)),$(BUILD)/$(use).a)
	$$(call say,TEST $$@)
	@mkdir -p $$(@D)
	$(Q)$$(COMPILE) $$(call pkg_cflags,cmocka $(PKG_$(1))) -o $$@ $$< $$(filter %.a,$$^) \
		-pie $$(LDFLAGS) $$(call pkg_libs,cmocka $(PKG_$(1)) $(foreach use,$(USES_$(1)),$(PKG_$(use))))
endef
$(foreach layer,$(LAYERS),$(eval $(call layer_rules,$(layer))))
$(BUILD)/cmd.a: $(EMBEDDED)

$(BUILD)/nullsender: $(BUILD)/cmd.a $(foreach use,$(USES_cmd),$(BUILD)/$(use).a)
	$(call say,LINK $@)
	$(Q)$(LINK) $^ -o $@ \
		$(call pkg_libs,$(foreach layer,$(LAYERS),$(PKG_$(layer))))

$(BUILD)/obj/%.o: %.c Makefile
	$(call say,CC $<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(PKG_FLAGS) -c -o $@ $<

# Programs that give hostile input to one part each: tests/fuzz/fuzz.h. Built with clang, in a
# folder of its own: see `fuzz-programs` below.
FUZZ_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/*.c)))
$(FUZZ_PROGRAMS): $(BUILD)/%: %.c $(BUILD)/cmd.a $(foreach use,$(USES_cmd),$(BUILD)/$(use).a)
	$(call say,FUZZ $@)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -fsanitize=fuzzer -o $@ $< $(filter %.a,$^) \
		-pie $(LDFLAGS) $(call pkg_libs,$(foreach layer,$(LAYERS),$(PKG_$(layer))))

# The rules, the migrations and the style of the HTML report are part of the program:
# cmd/embedded.h.
$(BUILD)/embedded_rules.c: $(sort $(wildcard etc/rules/*.rules))
$(BUILD)/embedded_migrations.c: $(sort $(wildcard migrations/*.sql))
$(BUILD)/embedded_page.c: cmd/report.css cmd/report.js
$(BUILD)/embedded_%.c: cmd/embed.sh Makefile
	$(call say,EMBED $@)
	@mkdir -p $(@D)
	$(Q)sh cmd/embed.sh embedded_$* $(filter-out cmd/embed.sh Makefile,$^) > $@
$(BUILD)/obj/cmd/embedded_%.o: $(BUILD)/embedded_%.c
	$(call say,CC $<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -c -o $@ $<

# The rules once more, compiled: by a tool that is built and run on the way.
$(BUILD)/embed_rules: cmd/embed_rules.c $(BUILD)/obj/cmd/embedded_rules.o $(BUILD)/classify.a $(BUILD)/base.a
	$(call say,LINK $@)
	$(Q)$(COMPILE) -pie -o $@ $< $(filter %.o %.a,$^) $(call pkg_libs,$(PKG_classify))
$(BUILD)/ruleset: $(BUILD)/embed_rules
	$(call say,EMBED $@)
	$(Q)$< > $@
$(BUILD)/obj/cmd/embedded_ruleset.o: $(BUILD)/ruleset
	$(Q)cd $(BUILD) && ld -r -b binary -z noexecstack -o $(abspath $@) ruleset

$(BUILD)/manual $(BUILD)/completions: $(BUILD)/%: cmd/%.c $(BUILD)/cmd.a $(foreach use,$(USES_cmd),$(BUILD)/$(use).a)
	$(call say,LINK $@)
	$(Q)$(COMPILE) -pie $(LDFLAGS) -o $@ $(filter-out Makefile,$^) $(call pkg_libs,$(foreach layer,$(LAYERS),$(PKG_$(layer))))
$(PAGES:%=$(BUILD)/man/%): $(BUILD)/man/%: etc/man/% etc/nullsender.conf $(BUILD)/manual
	$(call say,PAGE $@)
	@mkdir -p $(@D)
	$(Q)$(BUILD)/manual $< > $@
$(BUILD)/completion/%: $(BUILD)/completions
	$(call say,PAGE $@)
	@mkdir -p $(@D)
	$(Q)$< $* > $@

-include $(shell find $(BUILD) -name '*.d' -type f 2>/dev/null)

# --- what people run ----------------------------------------------------------------------------

deps: ## install the Debian packages of the list above, if any is missing
	@missing=; for p in $(PACKAGES); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	[ -z "$$missing" ] && exit 0; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	echo "installing:$$missing"; \
	$$sudo apt-get update -q && \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing

demo: ## the whole way on throwaway servers
	@$(MAKE) --no-print-directory deps
	@echo "building nullsender (about half a minute the first time)"
	@$(MAKE) --no-print-directory program
	@python3 tests/demo.py $(if $(KEEP),--keep)

check: ## lint, unit tests, end-to-end tests and what fuzzing has found
	@$(MAKE) --no-print-directory deps PACKAGES='$(PACKAGES) $(PACKAGES_CHECK)'
	@$(MAKE) --no-print-directory -j2 program unit-tests manual crash-libraries
	@$(if $(filter-out fuzz%,$(TESTS)),,$(MAKE) --no-print-directory fuzz-programs)
	@python3 tests/run.py --build $(BUILD) --fuzz-build $(FUZZ_BUILD) $(TESTS)

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS)

asan: ## the same tests under AddressSanitizer and UBSan, in build-asan/
	@$(MAKE) --no-print-directory check BUILD=build-asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
		HARDENING=-fPIE SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'

# PARTS="parse start verp fetch whole" are measured, where none are given. Beside these,
# PARTS=growth: a ledger of SIZES="10000 100000" messages, and of EVENTS=n events.
bench: ## measure beside the peers: CORPUS=DIR of real mails, MESSAGES=n, PARTS="fetch whole"
	@$(MAKE) --no-print-directory deps PACKAGES='$(PACKAGES) $(PACKAGES_BENCH)'
	@$(MAKE) --no-print-directory program $(BENCH_TOOLS)
	@cd tests && python3 -m bench --build $(abspath $(BUILD)) --corpus '$(abspath $(CORPUS))' \
		$(if $(MESSAGES),--messages $(MESSAGES)) $(if $(EVENTS),--events $(EVENTS)) $(PARTS) \
		$(if $(SIZES),--sizes $(SIZES))

BENCH_TOOLS := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
$(BENCH_TOOLS): $(BUILD)/bench/%: tests/bench/%.c $(BUILD)/cmd.a $(foreach use,$(USES_cmd),$(BUILD)/$(use).a)
	$(call say,TOOL $@)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(call pkg_cflags,libcurl) -o $@ $< $(filter %.a,$^) -pie \
		$(call pkg_libs,$(foreach layer,$(LAYERS),$(PKG_$(layer))))

fuzz: ## hostile input to all that reads some: FUZZ_SECONDS=n each, FUZZ="imap mime" for some
	@$(MAKE) --no-print-directory deps PACKAGES='$(PACKAGES) $(PACKAGES_CHECK)'
	@$(MAKE) --no-print-directory fuzz-programs
	@python3 tests/fuzz/run.py --build $(FUZZ_BUILD) --seconds $(FUZZ_SECONDS) $(FUZZ)

.PHONY: fuzz-programs fuzz-targets
fuzz-programs:
	@$(MAKE) --no-print-directory -j2 BUILD=$(FUZZ_BUILD) CC=clang HARDENING=-fPIE \
		CFLAGS='-O1 -g -fno-omit-frame-pointer' \
		SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' fuzz-targets
fuzz-targets: $(FUZZ_PROGRAMS)

# tests/crash/__main__.py has the options, such as the round to begin with.
.PHONY: crash soak crash-libraries
ROUNDS := 200
SEED :=
MINUTES := 60
CRASH_LIBRARIES := $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/crash/*.c))
crash-libraries: $(CRASH_LIBRARIES)
$(CRASH_LIBRARIES): $(BUILD)/%.so: %.c
	$(call say,LINK $@)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -fPIC -shared -o $@ $<

crash: ## whatever is killed, nothing is lost: ROUNDS=n at random (SEED=n), then at every step
	@$(MAKE) --no-print-directory program crash-libraries
	@cd tests && export NULLSENDER_BUILD=$(abspath $(BUILD)) && \
		python3 -m crash random --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED)) && \
		python3 -m crash steps && python3 -m crash disk && python3 -m crash memory

soak: ## fetches for MINUTES=n (60): what grows, what is left behind?
	@$(MAKE) --no-print-directory program
	@cd tests && NULLSENDER_BUILD=$(abspath $(BUILD)) python3 -m crash soak --minutes $(MINUTES)

accuracy: ## score the judge on labelled mails: CORPUS=DIR with labels.tsv and score.py
	@[ -f "$(CORPUS)/score.py" ] || { echo "make accuracy CORPUS=DIR: DIR holds mails, labels.tsv and score.py"; exit 1; }
	@$(MAKE) --no-print-directory program
	@$(BUILD)/nullsender parse --format tsv $(CORPUS) > $(BUILD)/accuracy.tsv
	@python3 $(CORPUS)/score.py --by-source --unique --misses 50 --fp 50 --classmiss 50 nullsender=$(BUILD)/accuracy.tsv

pages: program ## write the schema's manual page anew from the comments in migrations/
	@python3 tests/lab/schema_page.py $(BUILD)/nullsender > $(BUILD)/nullsender-schema.7
	@mv $(BUILD)/nullsender-schema.7 etc/man/nullsender-schema.7

# --- installing ---------------------------------------------------------------------------------

.PHONY: install uninstall deb

PREFIX := /usr/local
SYSCONFDIR := /etc
BINDIR := $(PREFIX)/bin
MANDIR := $(PREFIX)/share/man
DOCDIR := $(PREFIX)/share/doc/nullsender
BASHDIR := $(PREFIX)/share/bash-completion/completions
ZSHDIR := $(PREFIX)/share/zsh/site-functions
LIBDIR := $(PREFIX)/lib
UNITDIR := $(LIBDIR)/systemd/system
DESTDIR :=
# What install puts where; uninstall takes the same away, save the configuration.
INSTALLED := $(BINDIR)/nullsender $(foreach page,$(PAGES),$(MANDIR)/man$(lastword $(subst ., ,$(page)))/$(page)) \
	$(BASHDIR)/nullsender $(ZSHDIR)/_nullsender \
	$(patsubst etc/systemd/%,$(UNITDIR)/%,$(wildcard etc/systemd/*)) \
	$(LIBDIR)/sysusers.d/nullsender.conf $(LIBDIR)/tmpfiles.d/nullsender.conf \
	$(DOCDIR)/README.md $(DOCDIR)/nullsender.conf $(DOCDIR)/verp.sql
put = install -D -m $(1) $(2) $(DESTDIR)$(3)

install: all ## put everything below PREFIX (/usr/local), the configuration into SYSCONFDIR (/etc)
	$(call put,755,$(BUILD)/nullsender,$(BINDIR)/nullsender)
	@$(foreach page,$(PAGES),$(call put,644,$(BUILD)/man/$(page),$(MANDIR)/man$(lastword $(subst ., ,$(page)))/$(page)) &&) :
	@$(call put,644,$(BUILD)/completion/bash,$(BASHDIR)/nullsender)
	@$(call put,644,$(BUILD)/completion/zsh,$(ZSHDIR)/_nullsender)
	@for unit in $(notdir $(wildcard etc/systemd/*)); do \
		sed 's|@bindir@|$(BINDIR)|' etc/systemd/$$unit > $(BUILD)/$$unit && \
		$(call put,644,$(BUILD)/$$unit,$(UNITDIR)/$$unit); done
	@$(call put,644,etc/sysusers.d/nullsender.conf,$(LIBDIR)/sysusers.d/nullsender.conf)
	@$(call put,644,etc/tmpfiles.d/nullsender.conf,$(LIBDIR)/tmpfiles.d/nullsender.conf)
	@$(call put,644,README.md,$(DOCDIR)/README.md)
	@$(call put,644,etc/nullsender.conf,$(DOCDIR)/nullsender.conf)
	@$(call put,644,etc/verp.sql,$(DOCDIR)/verp.sql)
	@sed 's|@bindir@|$(BINDIR)|' etc/cron.d/nullsender > $(BUILD)/cron
	@[ -e $(DESTDIR)$(SYSCONFDIR)/cron.d/nullsender ] || $(call put,644,$(BUILD)/cron,$(SYSCONFDIR)/cron.d/nullsender)
	@[ -e $(DESTDIR)$(SYSCONFDIR)/nullsender/nullsender.conf ] || \
		$(call put,640,etc/nullsender.conf,$(SYSCONFDIR)/nullsender/nullsender.conf)
	@install -d $(DESTDIR)$(SYSCONFDIR)/nullsender/rules.d

uninstall: ## take away what install has put there; the configuration stays
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))

deb: ## a Debian package, build/nullsender_VERSION_ARCH.deb
	@$(MAKE) --no-print-directory deps PACKAGES='$(PACKAGES) $(PACKAGES_DEB)'
	@rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb/nullsender-$(VERSION)
	@git ls-files -z | tar --null -T - -c | tar -x -C $(BUILD)/deb/nullsender-$(VERSION)
	@mv $(BUILD)/deb/nullsender-$(VERSION)/etc/debian $(BUILD)/deb/nullsender-$(VERSION)/debian
	@cd $(BUILD)/deb/nullsender-$(VERSION) && env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc -b > ../build.log 2>&1 || \
		{ tail -30 ../build.log; exit 1; }
	@lintian --fail-on error,warning $(BUILD)/deb/*.changes
	@mv $(BUILD)/deb/nullsender_*.deb $(BUILD)/ && ls $(BUILD)/nullsender_*.deb

forgery: ## ten million forged VERP signatures (make check tries some of them): none may be accepted
	@$(MAKE) --no-print-directory $(BUILD)/tests/unit/classify/test_verp_forgery
	@NULLSENDER_FORGERIES=10000000 $(BUILD)/tests/unit/classify/test_verp_forgery

lint: ## layering, layout and both compilers' warnings
	@python3 tests/lint.py

format: ## lay out all C sources
	clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## remove everything that was built
	rm -rf build build-*

help: ## this list
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/\1\t\2/p' Makefile | sort | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-9s %s\n' "$$name" "$$text"; done
