import CTophashCore
import CTophashProtocol
import Foundation
import Testing
import TophashTestSupport

@testable import TophashSymbols

@Suite struct VariableMemoryTests {
  /// Four pages, of which the third cannot be read.
  private final class Pages {
    static let size = 4096
    let start: UnsafeMutableRawPointer

    init() {
      start = mmap(
        nil, 4 * Pages.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
      for offset in 0..<4 * Pages.size {
        start.storeBytes(
          of: UInt8(truncatingIfNeeded: offset &* 7), toByteOffset: offset, as: UInt8.self)
      }
      mprotect(start + 2 * Pages.size, Pages.size, PROT_NONE)
    }

    deinit { munmap(start, 4 * Pages.size) }

    func address(_ offset: Int) -> UInt64 { UInt64(UInt(bitPattern: start + offset)) }
  }

  @Test(arguments: [false, true])
  func `reads up to what cannot be read`(_ usesPipe: Bool) {
    func read(_ address: UInt64, _ into: UnsafeMutableRawPointer, _ count: Int) -> Int {
      usesPipe
        ? tophash_memory_read_by_pipe(address, into, count)
        : tophash_memory_read(address, into, count)
    }
    let pages = Pages()
    var buffer = [UInt8](repeating: 0xee, count: 4 * Pages.size)
    let end = 2 * Pages.size
    for (offset, count, expected) in [
      (0, 16, 16), (0, end, end), (0, end + 1, end), (100, 3 * Pages.size, end - 100),
      (end - 8, 8, 8), (end - 8, 64, 8), (end, 8, 0), (end + Pages.size, 8, 8), (5, 0, 0),
    ] {
      errno = 1234
      #expect(read(pages.address(offset), &buffer, count) == expected)
      #expect(errno == 1234)
      for index in 0..<expected {
        guard buffer[index] == UInt8(truncatingIfNeeded: (offset + index) &* 7) else {
          Issue.record("byte \(index) of \(count) at \(offset)")
          return
        }
      }
    }
    #expect(read(0, &buffer, 8) == 0)
    #expect(read(.max - 3, &buffer, 16) == 0)
    #expect(read(1 << 63, &buffer, 16) == 0)
    #expect(read(0xffff_8000_0000_0000, &buffer, 16) == 0)
  }

  @Test func `a sandbox without process_vm_readv is no obstacle`() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources").path
    let program = try compileC(
      """
      #include <errno.h>
      #include <linux/filter.h>
      #include <linux/seccomp.h>
      #include <stddef.h>
      #include <stdio.h>
      #include <sys/prctl.h>
      #include <sys/syscall.h>
      #include "tophash_facts.h"

      int main(void) {
        struct sock_filter filter[] = {
          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 1;
        uint64_t word = 42, copy = 0;
        for (int i = 0; i < 2; i++) {
          printf("%zu ", tophash_memory_read((uint64_t)(uintptr_t)&word, &copy, sizeof copy));
          printf("%d ", (int)copy);
        }
        printf("%zu", tophash_memory_read(0, &copy, sizeof copy));
      }
      """, name: "sandbox",
      ["-I", sources + "/CTophashCore/include", sources + "/CTophashCore/facts/memory.c"])
    #expect(try Tool.run([program]) == "8 42 8 42 0")
  }

  @Test func `reading by pipe leaves no descriptor behind`() {
    var word = 42
    let before = descriptors
    for _ in 0..<100 {
      var copy = 0
      withUnsafePointer(to: &word) { pointer in
        #expect(tophash_memory_read_by_pipe(UInt64(UInt(bitPattern: pointer)), &copy, 8) == 8)
      }
      #expect(copy == 42)
    }
    // Other tests open files meanwhile, but not a hundred pipes.
    #expect(descriptors < before + 100)
  }

  private var descriptors: Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
  }

  @Test func `a snapshot keeps to its room`() {
    final class Holder { var values: [String: [Int]] = ["a": [1]] }
    let holder = Holder()
    let whole = withUnsafeMutablePointer(to: &holder.values) {
      snapshot(at: UInt64(UInt(bitPattern: $0)))
    }
    #expect(SnapshotMemory(whole).pieces.count > 4)
    for capacity in 0...whole.count {
      var bytes = [UInt8](repeating: 0xee, count: capacity + 16)
      let used = withUnsafeMutablePointer(to: &holder.values) {
        tophash_snapshot_collect(UInt64(UInt(bitPattern: $0)), &bytes, UInt32(capacity))
      }
      #expect(used <= capacity)
      #expect(bytes[Int(used)...].suffix(16).allSatisfy { $0 == 0xee })
    }
  }

  /// The heap around the address may hold anything.
  @Test func `a snapshot of damaged memory ends`() {
    final class Holder { var values: [String: [Int]] = ["a": [1]] }
    let holder = Holder()
    let metadata = UInt(
      bitPattern: unsafeBitCast(Holder.self as AnyObject.Type, to: UnsafeRawPointer.self))
    let object = UInt(bitPattern: Unmanaged.passUnretained(holder).toOpaque())
    let count = 1024
    let words = UnsafeMutablePointer<UInt>.allocate(capacity: count)
    defer { words.deallocate() }
    for seed in UInt64(0)..<200 {
      var random = SeededGenerator(seed: seed)
      for index in 0..<count {
        words[index] =
          switch Int.random(in: 0..<8, using: &random) {
          case 0: metadata
          case 1: metadata &+ UInt.random(in: 0..<256, using: &random)
          case 2: object
          case 3: 3
          case 4: UInt(bitPattern: words + Int.random(in: 0..<count, using: &random))
          case 5:
            [0, 0x200, 0x201, 0x301, 0x302, 0x304, 0x400, 0x500].randomElement(using: &random)!
          case 6: .random(in: 0...UInt.max, using: &random)
          default: .random(in: 0..<4096, using: &random)
          }
      }
      let place = words + Int.random(in: 0..<count, using: &random)
      let address = UInt64(UInt(bitPattern: place))
      _ = namer.variable(at: address, snapshot: snapshot(at: address))
    }
  }

  /// What is next to a variable may look like the header of an object: a reference to a class,
  /// followed by a number.
  @Test func `a reference to a class is not taken for an object`() {
    final class Holder {
      var kind: AnyObject.Type = Holder.self
      var values: [String: Int] = ["a": 1]
      var other: AnyObject.Type = Holder.self
      var number = 3
      var last: [Int] = [1]
    }
    let holder = Holder()
    #expect(named(&holder.values).name == "VariableMemoryTests.Holder.values")
    #expect(named(&holder.number).name == "VariableMemoryTests.Holder.number")
    #expect(named(&holder.last).name == "VariableMemoryTests.Holder.last")
  }

  @Test func `snapshots of mere memory and of nothing`() {
    let words = UnsafeMutablePointer<[String: Int]>.allocate(capacity: 1)
    words.initialize(to: ["a": 1])
    let variable = named(&words.pointee)
    #expect(variable.kind == .unknown)
    #expect(variable.type == "[String: Int]")
    #expect(variable.qualifiedType == "Swift.Dictionary<Swift.String, Swift.Int>")
    words.deinitialize(count: 1)
    words.deallocate()
    #expect(snapshot(at: 0).isEmpty)
    #expect(snapshot(at: .max).isEmpty)
    #expect(snapshot(at: 0x1000).isEmpty)
    #expect(namer.variable(at: 0, snapshot: []).kind == .unknown)
  }

  @Test func `damaged snapshots are read without trust`() {
    final class Holder<T> {
      var first = 1
      var values: T
      init(_ values: T) { self.values = values }
    }
    let holder = Holder(([1: ["a"]], second: Set([1.5])))
    let address = withUnsafeMutablePointer(to: &holder.values) { UInt64(UInt(bitPattern: $0)) }
    let bytes = snapshot(at: address)
    #expect(
      namer.variable(at: address, snapshot: bytes).type == "([Int: [String]], second: Set<Double>)")
    for mutated in mutations(of: bytes, in: 0..<bytes.count, seeds: 0..<1500) {
      _ = namer.variable(at: address + UInt64(mutated.count % 64), snapshot: mutated)
    }
  }

  /// Pieces win over files: so a snapshot can also damage descriptors.
  @Test func `damaged descriptors are read without trust`() throws {
    struct Inner {
      var number = 1
      var values: [String: [Int]] = ["a": [1]]
      var text: String?
    }
    final class Holder { var inner = Inner() }
    let holder = Holder()
    let address = withUnsafeMutablePointer(to: &holder.inner.values) {
      UInt64(UInt(bitPattern: $0))
    }
    let bytes = snapshot(at: address)
    #expect(
      namer.variable(at: address, snapshot: bytes).name == "VariableMemoryTests.Holder.inner.values"
    )

    let memory = ProcessMemory(images: ImageSet(images), snapshot: SnapshotMemory(bytes))
    let types = TypeReader(memory: memory)
    func descriptor<T>(_ type: T.Type) -> UInt64? {
      let metadata = UInt64(unsafeBitCast(type, to: UInt.self))
      return memory.load(UInt64.self, at: metadata).flatMap { kind in
        memory.pointer(at: metadata + (kind == 0 ? 40 : 8))
      }
    }
    var places: [UInt64] = []
    for type in [descriptor(Holder.self), descriptor(Inner.self)] {
      let descriptor = try #require(type)
      places.append(descriptor)
      places.append(try #require(memory.relativePointer(at: descriptor + 16)))
    }
    #expect(types.nominalType(at: places[2])?.sourceName == "VariableMemoryTests.Inner")
    for seed in UInt64(0)..<400 {
      var random = SeededGenerator(seed: seed)
      var damaged: [UInt8] = []
      for place in places {
        // A piece with the true bytes, some of them changed.
        damaged += littleEndian(place) + littleEndian(UInt32(64)) + littleEndian(UInt32(3))
        for offset in UInt64(0)..<64 {
          let byte = try #require(memory.load(UInt8.self, at: place + offset))
          damaged.append(
            Int.random(in: 0..<48, using: &random) == 0
              ? .random(in: 0...255, using: &random) : byte)
        }
      }
      _ = namer.variable(at: address, snapshot: damaged + bytes)
    }
  }

  private func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }
}
