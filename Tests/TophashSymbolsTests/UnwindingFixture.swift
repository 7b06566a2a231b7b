#if arch(x86_64)
import Foundation
import Synchronization
import TophashTestSupport

@testable import TophashSymbols

/// What a program wrote about itself at one call of `record()`: what the probe would have seen
/// there, and the callers as the system's own unwinder finds them.
struct Recording {
  var name: String
  var pc: UInt64
  var stackPointer: UInt64
  var framePointer: UInt64
  var stack: [UInt8]
  /// Return addresses of the callers, innermost first; empty where the system was not asked.
  var callers: [UInt64]

  /// What is found in the first `size` bytes of the stack.
  func unwind(with unwinder: Unwinder, size: Int = .max, framePointer: UInt64? = nil) -> [UInt64] {
    unwinder.unwind(
      pc: pc, stackPointer: stackPointer, framePointer: framePointer ?? self.framePointer,
      stack: Array(stack.prefix(size)))
  }

  /// The stack as the probe walks it: by frame pointers, starting with `pc`.
  var framePointerWalk: [UInt64] {
    let copy = StackCopy(start: stackPointer, bytes: stack)
    var walk = [pc]
    var frame = framePointer
    while let saved = copy.word(at: frame), let caller = copy.word(at: frame + 8), caller >= 4096 {
      walk.append(caller)
      let next = saved & ~(1 << 60)
      if next <= frame { break }
      frame = next
    }
    return walk
  }
}

/// Everything one program wrote.
struct RecordedProgram {
  var images: [LoadedImage] = []
  var recordings: [Recording] = []

  /// Runs the program at `path` and reads what it writes.
  init(running path: String) throws {
    for line in try Tool.run(path).split(separator: "\n") {
      let fields = line.split(separator: " ").map(String.init)
      let numbers = fields.dropFirst().map { UInt64($0, radix: 16) ?? 0 }
      switch fields[0] {
      case "image":
        images.append(
          LoadedImage(path: fields[4], base: numbers[0], range: numbers[1]..<numbers[2]))
      case "record":
        recordings.append(
          Recording(
            name: fields[1], pc: numbers[1], stackPointer: numbers[2], framePointer: numbers[3],
            stack: [], callers: []))
      case "stack": recordings[recordings.count - 1].stack = Self.bytes(fields.dropFirst().first)
      case "callers": recordings[recordings.count - 1].callers = Array(numbers)
      default: break
      }
    }
  }

  func recordings(named name: String) -> [Recording] {
    recordings.filter { $0.name == name }
  }

  private static func bytes(_ digits: String?) -> [UInt8] {
    let digits = Array((digits ?? "").utf8)
    func value(_ digit: UInt8) -> UInt8 { digit < 58 ? digit - 48 : digit - 87 }
    return stride(from: 0, to: digits.count - 1, by: 2).map {
      value(digits[$0]) << 4 | value(digits[$0 + 1])
    }
  }
}

/// Programs that record themselves, built without frame pointers when first asked for.
enum UnwindingFixture: String, CaseIterable {
  /// C in all shapes: recursion, big frames, callbacks from libraries, threads, signals.
  case c
  /// The same, with frame pointers.
  case framed
  /// Optimised Swift: closures, generic code, methods, errors, callbacks from C.
  case swift
  /// Optimised Swift: async functions on the way.
  case async

  static let shared = Mutex<[UnwindingFixture: RecordedProgram]>([:])

  /// The program's recordings, made once.
  var program: RecordedProgram {
    get throws {
      try Self.shared.withLock { programs in
        if let program = programs[self] { return program }
        let program = try RecordedProgram(running: build())
        programs[self] = program
        return program
      }
    }
  }

  private func build() throws -> String {
    switch self {
    case .c, .framed:
      return try compileC(
        Self.recorder + Self.cSource, name: "unwinding-\(rawValue)",
        ["-O2", "-pthread", self == .c ? "-fomit-frame-pointer" : "-fno-omit-frame-pointer"])
    case .swift: return try buildSwift(Self.swiftSource)
    case .async: return try buildSwift(Self.asyncSource)
    }
  }

  private func buildSwift(_ source: String) throws -> String {
    let recorder = try compileC(
      Self.recorder, name: "unwinding-\(rawValue)-recorder.o",
      ["-c", "-O2", "-fomit-frame-pointer"])
    let directory = Fixture.directory.appending(path: "unwinding-\(rawValue)-source")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let file = directory.appending(path: "main.swift")
    try source.write(to: file, atomically: true, encoding: .utf8)
    let output = Fixture.directory.appending(path: "unwinding-\(rawValue)").path
    try Tool.run("swiftc", "-O", "-swift-version", "5", file.path, recorder, "-o", output)
    return output
  }
}

extension UnwindingFixture {
  /// `record(name)` writes down the caller as the probe would see it, and its callers unless
  /// `record_unchecked` is used.
  static let recorder = """
    #define _GNU_SOURCE
    #include <execinfo.h>
    #include <fcntl.h>
    #include <limits.h>
    #include <link.h>
    #include <setjmp.h>
    #include <signal.h>
    #include <pthread.h>
    #include <stdint.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <unistd.h>

    void record(const char *name);
    void record_unchecked(const char *name);

    // Passes on the return address, and stack and frame pointer as they are after the return.
    __asm__(
        ".text\\n"
        ".type record,@function\\n.globl record\\nrecord:\\n.cfi_startproc\\n"
        "movl $1,%r8d\\njmp record_common\\n.cfi_endproc\\n.size record,.-record\\n"
        ".type record_unchecked,@function\\n.globl record_unchecked\\nrecord_unchecked:\\n"
        ".cfi_startproc\\n"
        "xorl %r8d,%r8d\\njmp record_common\\n.cfi_endproc\\n"
        ".size record_unchecked,.-record_unchecked\\n"
        ".type record_common,@function\\nrecord_common:\\n.cfi_startproc\\n"
        "movq (%rsp),%rsi\\nleaq 8(%rsp),%rdx\\nmovq %rbp,%rcx\\njmp record_at\\n"
        ".cfi_endproc\\n.size record_common,.-record_common\\n");

    static int write_image(struct dl_phdr_info *info, size_t size, void *context) {
      char path[PATH_MAX];
      uint64_t low = UINT64_MAX, high = 0;
      for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
        uint64_t start = info->dlpi_phdr[i].p_vaddr, end = start + info->dlpi_phdr[i].p_memsz;
        if (start < low) low = start;
        if (end > high) high = end;
      }
      if (!realpath(info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe", path)) return 0;
      printf("image %lx %lx %lx %s\\n", (long)info->dlpi_addr, (long)(info->dlpi_addr + low),
             (long)(info->dlpi_addr + high), path);
      return 0;
    }

    __attribute__((used, visibility("hidden"), noinline))
    void record_at(const char *name, uint64_t pc, uint64_t sp, uint64_t fp, int checked) {
      static unsigned char stack[1 << 16];
      static void *frames[512];
      static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
      pthread_mutex_lock(&lock);
      static int images_written;
      if (!images_written) dl_iterate_phdr(write_image, NULL);
      images_written = 1;
      printf("record %s %lx %lx %lx\\nstack ", name, (long)pc, (long)sp, (long)fp);
      int memory = open("/proc/self/mem", O_RDONLY);
      ssize_t size = pread(memory, stack, sizeof stack, (off_t)sp);
      close(memory);
      for (ssize_t i = 0; i < size; i++) printf("%02x", stack[i]);
      printf("\\ncallers");
      int count = checked ? backtrace(frames, 512) : 0, i = 0;
      while (i < count && (uint64_t)frames[i] != pc) i++;
      for (i++; i < count; i++) printf(" %lx", (long)frames[i]);
      printf("\\n");
      fflush(stdout);
      pthread_mutex_unlock(&lock);
    }

    """

  private static let cSource = """
    // Keeps calls from becoming jumps, and values in registers that calls preserve.
    #define AFTER(x) __asm__ volatile("" : "+r"(x) : : "memory")
    #define OUTLINE __attribute__((noinline))

    static const char *name;

    OUTLINE static long small(long n);
    OUTLINE static long large(long n);
    OUTLINE static long dynamic(long n);
    OUTLINE static long aligned(long n);
    OUTLINE static long busy(long n);

    OUTLINE static long next(long n) {
      long result = 0;
      if (n <= 0) record(name);
      else switch (n % 5) {
        case 0: result = small(n - 1); break;
        case 1: result = large(n - 1); break;
        case 2: result = dynamic(n - 1); break;
        case 3: result = aligned(n - 1); break;
        default: result = busy(n - 1);
      }
      AFTER(result);
      return result + n;
    }

    static long small(long n) { long r = next(n); AFTER(r); return r; }
    static long large(long n) {
      volatile char room[300];
      room[n % 300] = 1;
      long r = next(n);
      AFTER(r);
      return r + room[n % 300];
    }
    static long dynamic(long n) {
      volatile char room[n + 10];
      room[n] = 1;
      long r = next(n);
      AFTER(r);
      return r + room[n];
    }
    static long aligned(long n) {
      volatile char room[64] __attribute__((aligned(64)));
      room[n % 64] = 1;
      long r = next(n);
      AFTER(r);
      return r + room[n % 64];
    }
    static long busy(long n) {
      long a = n, b = n + 1, c = n + 2, d = n + 3, e = n + 4, f = n + 5;
      AFTER(a); AFTER(b); AFTER(c); AFTER(d); AFTER(e); AFTER(f);
      long r = next(n);
      AFTER(a); AFTER(b); AFTER(c); AFTER(d); AFTER(e); AFTER(f);
      return r + a + b + c + d + e + f;
    }

    static int compare(const void *a, const void *b) {
      static int done;
      if (!done) { done = 1; next(3); }
      return *(const int *)a - *(const int *)b;
    }
    static void once(void) { next(4); }
    static void *thread(void *context) { next(7); return context; }
    static void handle(int number) { next(2); }
    static void at_exit(void) { name = "exit"; next(1); }

    // The call is the last instruction: its return address is in the next function.
    static jmp_buf place;
    OUTLINE __attribute__((noreturn)) static void leap(void) { longjmp(place, 1); }
    OUTLINE __attribute__((noreturn)) static void last(void) { next(1); leap(); }

    // No call frame information, but a frame pointer.
    void plain_assembly(void (*function)(void));
    __asm__(".text\\n.type plain_assembly,@function\\nplain_assembly:\\n"
            "pushq %rbp\\nmovq %rsp,%rbp\\ncall *%rdi\\npopq %rbp\\nret\\n"
            ".size plain_assembly,.-plain_assembly\\n");
    OUTLINE static void from_assembly(void) { record_unchecked("assembly"); name = "x"; AFTER(name); }

    // Aligns its stack as some compilers do it: only an expression tells where its caller is.
    void realigned(void (*function)(void));
    __asm__(".text\\n.type realigned,@function\\nrealigned:\\n.cfi_startproc\\n"
            "leaq 8(%rsp),%r10\\n.cfi_def_cfa 10,0\\nandq $-64,%rsp\\npushq -8(%r10)\\n"
            "pushq %rbp\\n.cfi_escape 0x10,6,2,0x76,0\\nmovq %rsp,%rbp\\n"
            "pushq %r10\\n.cfi_escape 0x0f,3,0x76,0x78,6\\nsubq $8,%rsp\\ncall *%rdi\\n"
            "addq $8,%rsp\\npopq %r10\\n.cfi_def_cfa 10,0\\npopq %rbp\\n"
            "leaq -8(%r10),%rsp\\n.cfi_def_cfa 7,8\\nret\\n.cfi_endproc\\n"
            ".size realigned,.-realigned\\n");
    static void from_realigned(void) { next(5); }

    // Never called: instructions that compilers rarely write.
    __asm__(".text\\n.type rare,@function\\nrare:\\n.cfi_startproc\\nnop\\n"
            ".cfi_undefined 3\\nnop\\n.cfi_same_value 3\\nnop\\n.cfi_offset 12,-32\\nnop\\n"
            ".cfi_remember_state\\n.cfi_register 6,10\\n.cfi_def_cfa 10,24\\nnop\\n"
            ".cfi_remember_state\\n.cfi_restore 12\\n.cfi_adjust_cfa_offset 8\\nnop\\n"
            ".cfi_restore_state\\nnop\\n.cfi_restore_state\\nnop\\n"
            ".cfi_escape 0x2e,16,5,13,6,0x11,14,0x7b,0x12,7,0x7e,0x13,0x7d\\nnop\\n"
            ".cfi_escape 0x14,15,2,0x15,3,0x7e,6,12,7,14,8,15\\nnop\\n"
            ".cfi_escape 0x16,3,2,0x77,8,5,20,1\\n.fill 300\\n.cfi_def_cfa_offset 64\\n"
            ".fill 70000\\n.cfi_def_cfa_offset 72\\nret\\n.cfi_endproc\\n"
            ".size rare,.-rare\\n");

    int main(void) {
      static char names[5][16];
      for (int depth = 0; depth < 5; depth++) {
        snprintf(names[depth], 16, "depth-%d", depth * 12);
        name = names[depth];
        next(depth * 12);
      }
      name = "endless";
      next(150);

      int numbers[40];
      for (int i = 0; i < 40; i++) numbers[i] = i * 17 % 40;
      name = "qsort";
      qsort(numbers, 40, sizeof(int), compare);

      static pthread_once_t control = PTHREAD_ONCE_INIT;
      name = "once";
      pthread_once(&control, once);

      name = "thread";
      pthread_t id;
      pthread_create(&id, NULL, thread, NULL);
      pthread_join(id, NULL);

      sigset_t signals;
      sigemptyset(&signals);
      sigaddset(&signals, SIGUSR1);
      pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
      struct sigaction action = {.sa_handler = handle};
      sigaction(SIGUSR1, &action, NULL);
      name = "signal";
      raise(SIGUSR1);
      static char other_stack[1 << 16];
      sigaltstack(&(stack_t){.ss_sp = other_stack, .ss_size = sizeof other_stack}, NULL);
      action.sa_flags = SA_ONSTACK;
      sigaction(SIGUSR1, &action, NULL);
      name = "other-stack";
      raise(SIGUSR1);

      name = "last";
      if (!setjmp(place)) last();
      name = "realigned";
      realigned(from_realigned);
      plain_assembly(from_assembly);
      atexit(at_exit);
      return 0;
    }
    """

  private static let swiftSource = """
    import Glibc

    @_silgen_name("record") func record(_ name: UnsafePointer<CChar>)

    struct Failure: Error {}

    final class Node {
      var children: [Node]
      let label: String
      init(_ label: String, _ children: [Node] = []) {
        self.label = label
        self.children = children
      }

      @inline(never)
      func visit(_ depth: Int, _ body: (Node) throws -> Void) rethrows -> Int {
        var total = label.count + depth
        try body(self)
        for child in children { total += try child.visit(depth + 1, body) }
        return total
      }
    }

    protocol Shape { func area(_ scale: Double) -> Double }
    struct Square: Shape {
      var side: Double
      @inline(never) func area(_ scale: Double) -> Double {
        defer { record("protocol") }
        return side * side * scale
      }
    }

    @inline(never) func sum<T: Sequence>(_ values: T, _ body: (T.Element) -> Int) -> Int {
      var total = 0
      for value in values { total += body(value) }
      return total
    }

    @inline(never) func recursive(_ n: Int, _ text: String) -> String {
      if n == 0 { record("recursion"); return text }
      return recursive(n - 1, text + "\\(n)") + text
    }

    @inline(never) func throwing(_ n: Int) throws -> Int {
      if n > 3 { throw Failure() }
      return try throwing(n + 1) + 1
    }

    let tree = Node("a", [Node("b", [Node("c"), Node("d")]), Node("e")])
    print("#", tree.visit(0) { node in if node.label == "d" { record("closure") } })
    let shapes: [any Shape] = [Square(side: 2), Square(side: 3)]
    print("#", shapes.map { $0.area(2) })
    print("#", sum(Set([1, 2, 3])) { value in
      if value == 2 { record("generic") }
      return value
    })
    print("#", recursive(20, "x").count)
    do { print("#", try throwing(0)) } catch { record("catch") }

    var recorded = false
    var names = ["d", "a", "c", "b"]
    names.sort { a, b in
      if !recorded { recorded = true; record("sort") }
      return a < b
    }
    let groups = Dictionary(grouping: names) { name in
      if name == "c" { record("grouping") }
      return name.utf8.count
    }
    print("#", groups)

    recorded = false
    var numbers: [Int32] = [3, 1, 2]
    qsort(&numbers, 3, 4) { a, b in
      if !recorded { recorded = true; record("qsort") }
      return a!.load(as: Int32.self) - b!.load(as: Int32.self)
    }
    var thread = pthread_t()
    pthread_create(&thread, nil, { _ in
      print("#", recursive(2, "thread"))
      return nil
    }, nil)
    pthread_join(thread, nil)
    """

  private static let asyncSource = """
    import Glibc

    // The system's unwinder stumbles over the marked frame pointers of async functions.
    @_silgen_name("record_unchecked") func record(_ name: UnsafePointer<CChar>)
    @_silgen_name("record") func recordChecked(_ name: UnsafePointer<CChar>)

    @inline(never) func plain(_ n: Int, _ text: String) -> String {
      if n == 0 { record("async"); return text }
      return plain(n - 1, text + "\\(n)") + text
    }

    @inline(never) func leaf(_ n: Int) async -> String {
      await Task.yield()
      let text = plain(n, "leaf")
      await Task.yield()
      return text + "\\(n)"
    }

    @inline(never) func middle(_ n: Int) async -> String {
      let text = await leaf(n)
      return plain(n, text)
    }

    print("#", await Task.detached { await middle(3) }.value.count)
    print("#", await withTaskGroup(of: String.self, returning: Int.self) { group in
      for n in 0..<2 { group.addTask { await leaf(n) } }
      var count = 0
      for await text in group { count += text.count }
      return count
    })
    var thread = pthread_t()
    pthread_create(&thread, nil, { _ in
      recordChecked("thread")
      return nil
    }, nil)
    pthread_join(thread, nil)
    """
}
#endif
