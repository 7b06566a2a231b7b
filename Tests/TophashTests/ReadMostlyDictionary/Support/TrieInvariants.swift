@testable import Tophash

extension ReadMostlyDictionary {
  /// What is wrong with the structure, in words; empty if all invariants of `TrieBranch` hold.
  /// For a dictionary that nobody is changing.
  var violations: [String] {
    var violations: [String] = []
    var entries = 0
    func check(_ branch: TrieBranch, parent: TrieBranch?, shift: UInt64, prefix: UInt64) {
      if branch.header.pointee.parent != parent { violations.append("wrong parent") }
      if branch.header.pointee.lock.isClosed { violations.append("dead branch in the tree") }
      if parent != nil && branch.isEmpty { violations.append("empty branch in the tree") }
      for index in 0..<TrieBranch.slotCount {
        let prefix = prefix | UInt64(index) << shift
        let content = branch.content(index)
        if let child = content.branch {
          check(child, parent: branch, shift: shift - TrieBranch.bits, prefix: prefix)
        } else {
          let chain: Chain = content.chain()
          chain.forEach(upTo: nil) { entry in
            entries += 1
            if entry.pointee.hash != chain.head?.pointee.hash {
              violations.append("two hashes in a chain")
            }
            if entry.pointee.hash >> shift != prefix >> shift {
              violations.append("\(entry.pointee.key) is in the wrong slot")
            }
            if entry.pointee.hash != hasher.hash(entry.pointee.key) {
              violations.append("\(entry.pointee.key) has the wrong hash")
            }
          }
        }
      }
    }
    pinned { check(tree.root, parent: nil, shift: TrieBranch.rootShift, prefix: 0) }
    if entries != count { violations.append("\(entries) entries, counted \(count)") }
    return violations
  }
}
