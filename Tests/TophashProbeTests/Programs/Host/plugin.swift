// The first Swift code of a program that is otherwise C.

final class Shared: @unchecked Sendable { var map: [Int: Int] = [:] }

let shared = Shared()

/// Keeps a modification open while `body` runs.
@_cdecl("plugin_hold")
public func hold(_ body: @convention(c) () -> Void) {
  func whileOpen(_ map: inout [Int: Int]) { body() }
  whileOpen(&shared.map)
}

@_cdecl("plugin_touch")
public func touch() { shared.map[1, default: 0] += 1 }

@_cdecl("plugin_count")
public func count() -> Int32 { Int32(shared.map[1] ?? 0) }
