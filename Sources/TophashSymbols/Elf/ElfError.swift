/// Why a file could not be taken as a program or library.
package struct ElfError: Error, Hashable, CustomStringConvertible {
  package enum Reason: Error, Hashable {
    /// The file could not be opened or read.
    case unreadable
    /// Not an ELF file at all: a script, an archive, an empty file.
    case notElf
    /// An ELF file of a kind that is not handled: 32 bits, big-endian, an object file.
    case unsupported(String)
    /// The file ends before something its header promises.
    case truncated(String)
    /// The file contradicts itself.
    case corrupt(String)
  }

  package var path: String
  package var reason: Reason

  package init(path: String, reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// One sentence: `'app' is not an ELF file`.
  package var description: String {
    switch reason {
    case .unreadable: "'\(path)' cannot be read"
    case .notElf: "'\(path)' is not an ELF file"
    case .unsupported(let what): "'\(path)' is \(what), which is not supported"
    case .truncated(let what): "'\(path)' is cut off: \(what) lies beyond its end"
    case .corrupt(let what): "'\(path)' is damaged: \(what)"
    }
  }
}
