# Installs the tool and the libraries that it preloads. The tool finds them in
# ../lib/tophash, seen from itself: the whole may be moved, and DESTDIR works.
#
#   make install PREFIX=/opt/tophash
#   make uninstall PREFIX=/opt/tophash
#
# Swift's own libraries are linked in, so that one build runs beside every toolchain.

PREFIX ?= /usr/local
CONFIGURATION ?= release
SWIFT_FLAGS ?= --static-swift-stdlib
PRODUCTS = $(shell swift build --configuration $(CONFIGURATION) --show-bin-path)

BIN = $(DESTDIR)$(PREFIX)/bin
LIB = $(DESTDIR)$(PREFIX)/lib/tophash
LIBRARIES = libTophashProbe.so libTophashExplore.so

.PHONY: build install uninstall

build:
	swift build --configuration $(CONFIGURATION) $(SWIFT_FLAGS) --product tophash
	swift build --configuration $(CONFIGURATION) --product TophashProbe
	swift build --configuration $(CONFIGURATION) --product TophashExplore

install: build
	install -d "$(BIN)" "$(LIB)"
	install -m 755 "$(PRODUCTS)/tophash" "$(BIN)/tophash"
	for library in $(LIBRARIES); do \
	  install -m 755 "$(PRODUCTS)/$$library" "$(LIB)/$$library" || exit; \
	done

uninstall:
	rm -f "$(BIN)/tophash"
	for library in $(LIBRARIES); do rm -f "$(LIB)/$$library"; done
	if [ -d "$(LIB)" ]; then rmdir "$(LIB)"; fi
