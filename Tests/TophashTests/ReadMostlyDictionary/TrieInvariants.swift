@testable import Tophash

extension ReadMostlyDictionary {
  /// What is wrong with the structure, in words; empty if all invariants of `TrieBranch` hold.
  /// For a dictionary that nobody is changing.
  var violations: [String] {
    var violations: [String] = []
    var entries = 0
    func check(_ branch: TrieBranch, parent: TrieBranch?, shift: UInt64, prefix: UInt64) {
      if branch.header.pointee.parent != parent { violations.append("wrong parent") }
      if branch.header.pointee.isDead { violations.append("dead branch in the tree") }
      if parent != nil && branch.isEmpty { violations.append("empty branch in the tree") }
      for index in 0..<TrieBranch.slotCount {
        let prefix = prefix | UInt64(index) << shift
        let content = branch.content(index)
        if let child = content.branch {
          check(child, parent: branch, shift: shift - TrieBranch.bits, prefix: prefix)
        } else if let leaf = content.leaf(of: Leaf.self) {
          entries += leaf.count
          if leaf.count == 0 { violations.append("empty leaf") }
          if leaf.count > Leaf.capacity && Set((0..<leaf.count).map { leaf.hashes[$0] }).count > 1 {
            violations.append("\(leaf.count) entries in a leaf, with different hashes")
          }
          for index in 0..<leaf.count {
            let key = leaf.entries[index].key
            if leaf.hashes[index] >> shift != prefix >> shift {
              violations.append("\(key) is in the wrong slot")
            }
            if leaf.hashes[index] != hasher.hash(key) {
              violations.append("\(key) has the wrong hash")
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
