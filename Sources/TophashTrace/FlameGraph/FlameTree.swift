/// Stacks with weights, put into one tree: what they have in common from the root on is one box.
package struct FlameTree: Sendable {
  /// A function in one place of the tree.
  package struct Box: Sendable {
    package var name: String
    /// With everything above it.
    package var weight: UInt64 = 0
    /// In alphabetical order, so that pictures of two runs can be compared.
    package var children: [Box] = []
  }

  package private(set) var root: Box

  package init(root name: String) {
    root = Box(name: name)
  }

  /// - Parameter stack: outermost first.
  package mutating func add(_ stack: [String], weight: UInt64) {
    Self.add(stack[...], weight, to: &root)
  }

  private static func add(_ stack: ArraySlice<String>, _ weight: UInt64, to box: inout Box) {
    box.weight &+= weight
    guard let name = stack.first else { return }
    let index = box.children.firstIndex { $0.name >= name } ?? box.children.endIndex
    if index == box.children.endIndex || box.children[index].name != name {
      box.children.insert(Box(name: name), at: index)
    }
    add(stack.dropFirst(), weight, to: &box.children[index])
  }

  /// How many boxes stand on each other at most, with the root.
  package var depth: Int { Self.depth(root) }

  private static func depth(_ box: Box) -> Int { 1 + (box.children.map(depth).max() ?? 0) }
}

extension WaitProfile {
  /// The waits as a tree, what was waited for on top of each stack.
  package func flameTree(contention: Bool) -> FlameTree {
    var tree = FlameTree(
      root: contention ? "waiting for others" : "waiting for something to happen")
    for sample in samples(contention: contention) {
      tree.add(
        sample.stack.reversed().map(\.function) + ["[\(sample.kind.what(sample.subject))]"],
        weight: sample.total)
    }
    return tree
  }
}
