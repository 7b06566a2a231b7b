#if arch(x86_64)
import Testing

@testable import TophashSymbols

@Suite struct UnwindingTests {
  @Test(arguments: [
    (
      UnwindingFixture.c,
      [
        "depth-0", "depth-12", "depth-24", "depth-36", "depth-48", "endless", "exit", "last",
        "once", "qsort", "realigned", "signal", "thread",
      ]
    ),
    (.framed, ["depth-48", "endless", "qsort", "realigned", "signal", "thread"]),
    (
      .swift,
      [
        "catch", "closure", "generic", "grouping", "protocol", "qsort", "recursion", "sort",
      ]
    ),
  ])
  func `callers are those that the system finds`(
    fixture: UnwindingFixture, names: [String]
  ) throws {
    let program = try fixture.program
    let unwinder = Unwinder(images: program.images.shuffled())
    for name in names {
      let recordings = program.recordings(named: name)
      #expect(!recordings.isEmpty, "\(name)")
      for recording in recordings {
        #expect(recording.callers.count > 2, "\(name)")
        #expect(
          recording.unwind(with: unwinder)
            == Array(recording.callers.prefix(Unwinder.maximumFrames)), "\(name)")
      }
    }
  }

  @Test(arguments: [UnwindingFixture.c, .swift])
  func `a part of the stack gives the first of the callers`(fixture: UnwindingFixture) throws {
    let program = try fixture.program
    let unwinder = Unwinder(images: program.images)
    for recording in program.recordings where !recording.callers.isEmpty {
      var reached = 0
      for size in [0, 7, 8, 100, 1000, 2000, 4000, 8192] {
        let found = recording.unwind(with: unwinder, size: size)
        #expect(found == Array(recording.callers.prefix(found.count)), "\(recording.name)")
        #expect(found.count >= reached)
        reached = found.count
      }
      #expect(reached > 2, "\(recording.name)")
    }
  }

  @Test func `an unknown frame pointer is not guessed`() throws {
    let program = try UnwindingFixture.c.program
    let unwinder = Unwinder(images: program.images)
    for recording in program.recordings where !recording.callers.isEmpty {
      let found = recording.unwind(with: unwinder, framePointer: 0)
      #expect(found == Array(recording.callers.prefix(found.count)), "\(recording.name)")
    }
    // Between them and the start is a function whose caller only its frame pointer tells.
    let deep = try #require(program.recordings(named: "depth-48").first)
    let found = deep.unwind(with: unwinder, framePointer: 0)
    #expect(!found.isEmpty && found.count < deep.callers.count)
  }

  @Test func `a handler on its own stack is followed to the function that was interrupted`() throws
  {
    let program = try UnwindingFixture.c.program
    let recording = try #require(program.recordings(named: "other-stack").first)
    let found = recording.unwind(with: Unwinder(images: program.images))
    // The interrupted stack is not in the copy, unless it happens to follow the handler's.
    #expect(found.count > 4)
    #expect(found == Array(recording.callers.prefix(found.count)))
  }

  @Test func `assembly without information is passed by its frame pointer`() throws {
    let program = try UnwindingFixture.c.program
    let recording = try #require(program.recordings(named: "assembly").first)
    let found = recording.unwind(with: Unwinder(images: program.images))
    let names = try functions(at: [recording.pc] + found, in: program)
    #expect(names.prefix(3) == ["from_assembly", "plain_assembly", "main"])
    #expect(names.last == "_start")
  }

  @Test func `async functions are passed although they mark frame pointers`() throws {
    let program = try UnwindingFixture.async.program
    let unwinder = Unwinder(images: program.images)
    let thread = try #require(program.recordings(named: "thread").first)
    let recordings = program.recordings(named: "async")
    #expect(recordings.count == 4)
    for recording in recordings {
      let found = recording.unwind(with: unwinder)
      let names = try functions(at: [recording.pc] + found, in: program)
      let frames = names.drop { $0.hasPrefix("$s4main5plain") }
      #expect(frames.count < names.count)
      #expect(frames.first?.contains("YaFTY") == true, "\(names)")
      #expect(
        frames.dropFirst().first?.contains("runJobInEstablishedExecutorContext") == true)
      // The thread pool's threads start like any other.
      #expect(found.suffix(2) == thread.callers.suffix(2))
      #expect(recording.framePointerWalk.count < found.count)
    }
  }

  @Test func `a stack that is not of this program ends at once`() throws {
    let program = try UnwindingFixture.c.program
    let recording = try #require(program.recordings(named: "depth-12").first)
    #expect(recording.unwind(with: Unwinder(images: [])) == [])
    let gone = program.images.map {
      LoadedImage(path: $0.path + ".gone", base: $0.base, range: $0.range)
    }
    #expect(recording.unwind(with: Unwinder(images: gone)) == [])
    let unwinder = Unwinder(images: program.images)
    for pc in [0, 1, 4096, recording.stackPointer, .max] {
      #expect(
        unwinder.unwind(
          pc: pc, stackPointer: recording.stackPointer, framePointer: 0, stack: recording.stack)
          == [])
    }
  }

  private func functions(at addresses: [UInt64], in program: RecordedProgram) throws -> [String] {
    var files: [String: ElfImage] = [:]
    return try addresses.map { address in
      let image = try #require(program.images.first { $0.range.contains(address) })
      let file = try files[image.path] ?? ElfImage(path: image.path)
      files[image.path] = file
      return file.symbol(containing: address - image.base - 1)?.name ?? ""
    }
  }
}

@Suite struct UnwindingMergeTests {
  @Test(
    arguments: [
      ([], [], []),
      ([1, 2], [], [1, 2]),
      ([], [1, 2], [1, 2]),
      // Frame pointers skip frames, and go beyond the end.
      ([2, 4, 5], [1, 2, 3, 4], [1, 2, 3, 4, 5]),
      ([2, 5], [1, 2, 3, 4], [1, 2, 3, 4, 5]),
      ([2, 4], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
      // Nothing in common: nothing to continue from.
      ([7, 8], [1, 2], [1, 2]),
      // Garbage before the first common frame.
      ([9, 2, 3], [1, 2], [1, 2, 3]),
      // Recursion.
      ([1, 1, 1, 1, 2], [1, 1], [1, 1, 1, 1, 2]),
      ([1, 1, 2], [1, 1, 1, 1], [1, 1, 1, 1, 2]),
    ] as [([UInt64], [UInt64], [UInt64])])
  func `two views of a stack become one`(walk: [UInt64], unwound: [UInt64], all: [UInt64]) {
    #expect(Unwinder.merge(framePointerWalk: walk, unwound: unwound) == all)
  }

  @Test(arguments: [64, 1000, 4000, 1 << 16])
  func `frame pointers continue where the copy of the stack ends`(size: Int) throws {
    let program = try UnwindingFixture.framed.program
    let unwinder = Unwinder(images: program.images)
    let recordings = program.recordings.filter { $0.name.hasPrefix("depth-") }
    #expect(recordings.count == 5)
    for recording in recordings {
      // Up to `main`; the library that called it keeps no frame pointers.
      #expect(recording.framePointerWalk.count >= recording.callers.count - 2)
      let stack = unwinder.stack(
        framePointerWalk: recording.framePointerWalk, stackPointer: recording.stackPointer,
        framePointer: recording.framePointer, stack: Array(recording.stack.prefix(size)))
      #expect(stack == [recording.pc] + recording.callers.prefix(stack.count - 1))
      #expect(stack.count >= recording.framePointerWalk.count - 1)
    }
  }

  @Test func `what frame pointers tell is taken only where it may be true`() throws {
    let program = try UnwindingFixture.c.program
    let unwinder = Unwinder(images: program.images)
    let recording = try #require(program.recordings(named: "qsort").first)
    let caller = try #require(recording.callers.first)
    func stack(_ walk: [UInt64], size: Int) -> [UInt64] {
      unwinder.stack(
        framePointerWalk: walk, stackPointer: recording.stackPointer,
        framePointer: recording.framePointer, stack: Array(recording.stack.prefix(size)))
    }
    let pc = recording.pc
    #expect(stack([], size: 0) == [])
    #expect(stack([pc], size: 0) == [pc])
    #expect(stack([pc, caller], size: 0) == [pc, caller])
    #expect(stack([pc, caller, 4096, caller], size: 0) == [pc, caller])
    #expect(stack([pc, caller + 1], size: 0) == [pc])
    #expect(stack([pc, recording.stackPointer], size: 0) == [pc])
    // The whole stack is known: nothing can follow.
    let all = [pc] + recording.callers
    #expect(stack(all + [caller, caller], size: 1 << 16) == all)
  }

  @Test(arguments: [UnwindingFixture.c, .framed])
  func `places after calls are told from others`(fixture: UnwindingFixture) throws {
    let program = try fixture.program
    let unwinder = Unwinder(images: program.images)
    for recording in program.recordings {
      for caller in recording.callers where recording.name != "signal" {
        if recording.name == "other-stack" { continue }
        let taken = unwinder.stack(
          framePointerWalk: [recording.pc, caller], stackPointer: 0, framePointer: 0, stack: [])
        #expect(taken == [recording.pc, caller])
      }
    }
  }
}
#endif
