import CTophashCore
import Testing

/// The clocks against a model that simply remembers, for every strand and every sync object,
/// which accesses lie in its past.
@Suite struct ClocksModelTests {
  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func `few strands: exactly the first unordered access is found`(seed: UInt64) {
    var program = GeneratedProgram(seed: seed, strands: 6, variables: 5, syncs: 4)
    program.run(steps: 3_000)
    #expect(program.accesses > 500 && program.conflicts > 0)
    #expect(program.wrong == [])
    #expect(program.missed == [])
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `many strands: whatever is found is unordered`(seed: UInt64) {
    var program = GeneratedProgram(seed: seed, strands: 400, variables: 40, syncs: 20)
    program.run(steps: 5_000)
    #expect(program.accesses > 500 && program.conflicts > 0)
    #expect(program.wrong == [])
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `under locks nothing is found`(seed: UInt64) {
    var program = GeneratedProgram(seed: seed, strands: 12, variables: 6, syncs: 3)
    program.isGuarded = true
    program.run(steps: 3_000)
    #expect(program.accesses > 500)
    #expect(program.conflicts == 0)
    #expect(program.wrong == [])
  }
}

/// A program made by chance: strands come, synchronise, access, and go.
private struct GeneratedProgram {
  private struct Strand {
    var clock: ClockStrand
    var past: Set<Int>
  }

  private struct Access {
    var id: Int
    var modifies: Bool
  }

  private let memory = ClockMemory()
  private let strandLimit: Int
  private let variableCount: Int
  private let syncCount: Int
  private var random: Random
  private var strands: [Strand] = []
  private var syncs: [Int: Set<Int>] = [:]
  private var history: [Int: [Access]] = [:]
  /// Variables on which a conflict was found: what comes later may be told by it alone.
  private var spoiled: Set<Int> = []

  /// Each access to a variable is made under the variable's own lock.
  var isGuarded = false
  private(set) var accesses = 0
  private(set) var conflicts = 0
  /// Accesses at which something was found that is ordered after all.
  private(set) var wrong: [Int] = []
  /// Accesses at which the first conflict of a variable was not found.
  private(set) var missed: [Int] = []

  init(seed: UInt64, strands: Int, variables: Int, syncs: Int) {
    random = Random(state: seed)
    strandLimit = strands
    variableCount = variables
    syncCount = syncs
  }

  mutating func run(steps: Int) {
    for _ in 0..<steps {
      let choice = strands.isEmpty ? 0 : random.next(below: 100)
      switch choice {
      case ..<8: if strands.count < strandLimit { begin() }
      case ..<12: end(random.next(below: strands.count))
      case ..<30: release(random.next(below: strands.count), random.next(below: syncCount))
      case ..<48: acquire(random.next(below: strands.count), random.next(below: syncCount))
      case ..<50: free(random.next(below: variableCount))
      default: access(random.next(below: strands.count), random.next(below: variableCount))
      }
    }
  }

  private func address(variable: Int) -> UInt64 { 0x10000 + UInt64(variable) * 24 }
  private func address(sync: Int) -> UInt64 { 0x90000 + UInt64(sync) * 40 }

  private mutating func begin() {
    let parent = random.next(below: syncCount)
    let strand = memory.begin(after: [address(sync: parent)])
    strands.append(Strand(clock: strand, past: syncs[parent, default: []]))
  }

  private mutating func end(_ index: Int) {
    release(index, random.next(below: syncCount))
    strands.remove(at: index).clock.end()
  }

  private mutating func release(_ index: Int, _ sync: Int) {
    strands[index].clock.release(address(sync: sync))
    syncs[sync, default: []].formUnion(strands[index].past)
  }

  private mutating func acquire(_ index: Int, _ sync: Int) {
    strands[index].clock.acquire(address(sync: sync))
    strands[index].past.formUnion(syncs[sync, default: []])
  }

  private mutating func free(_ variable: Int) {
    tophash_clocks_forget_memory(memory.clocks, address(variable: variable), 24)
    history[variable] = nil
    spoiled.remove(variable)
  }

  private mutating func access(_ index: Int, _ variable: Int) {
    if isGuarded { acquire(index, syncCount + variable) }
    accesses += 1
    let id = accesses
    let modifies = random.next(below: 3) == 0
    let found = strands[index].clock.access(
      address(variable: variable), modifies: modifies, stack: UInt32(id))
    let past = strands[index].past
    let unordered = history[variable, default: []].filter {
      ($0.modifies || modifies) && !past.contains($0.id)
    }
    if let found {
      conflicts += 1
      // A repeated access keeps the number of its first one, at the same time of its strand:
      // what is ordered after the one is ordered after the other.
      let isTrue = unordered.contains { $0.id == Int(found.stack) && $0.modifies == found.modified }
      if !isTrue { wrong.append(id) }
      spoiled.insert(variable)
    } else if !unordered.isEmpty, !spoiled.contains(variable) {
      missed.append(id)
      spoiled.insert(variable)
    }
    history[variable, default: []].append(Access(id: id, modifies: modifies))
    strands[index].past.insert(id)
    if isGuarded { release(index, syncCount + variable) }
  }
}

/// xorshift64: the same numbers for the same seed.
private struct Random {
  var state: UInt64

  mutating func next(below limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int((state >> 11) % UInt64(limit))
  }
}
