import Foundation
import Glibc
import TophashFindings
import TophashInspection
import TophashReports
import TophashSymbols

/// `tophash inspect --code`: finds the functions, and writes their instructions.
struct CodeInspector {
  var command: Tophash.Inspect

  /// As many functions of one name are listed one after the other: what the compiler made of one.
  private static let mostAtOnce = 8

  /// - Throws: 127 when there is no such function, 64 when there are too many.
  func report() throws(ToolError) -> String {
    let tool = command.disassembler ?? Self.disassembler
    var listings: [CodeListing] = []
    let binaries = [command.binary] + [command.other].compactMap(\.self)
    let comparesTwo = command.code.count + binaries.count > 2
    for binary in binaries {
      let reader = CodeReader(try image(binary))
      for name in command.code {
        var matches = reader.functions(named: name)
        guard !matches.isEmpty else {
          throw ToolError(
            what: "'\(binary)' has no function '\(name)'",
            remedy: "name it as a report does, or by its symbol, as 'nm' shows it",
            code: .notFound)
        }
        if comparesTwo, matches.count > 1 {
          // Which of them is compared is for the reader to say, unless one is the function itself.
          let whole = matches.filter { $0.name == name || $0.symbol == name }
          matches = whole.count == 1 ? whole : matches
        }
        guard matches.count <= (comparesTwo ? 1 : Self.mostAtOnce) else {
          let some = matches.prefix(4).compactMap(\.symbol).joined(separator: ", ")
          throw ToolError(
            what: "'\(name)' may be \(matches.count) functions of '\(binary)'",
            remedy: "name one by its symbol: \(some)", code: .usage)
        }
        listings += matches.map { reader.listing(of: $0, disassembler: tool) }
      }
    }
    if command.reporter == .json {
      return ListingJSON(toolVersion: toolVersion).text(for: listings)
    }
    let directory = FileManager.default.currentDirectoryPath
    if comparesTwo {
      return ListingComparison(directory: directory).text(for: listings[0], listings[1])
    }
    return listings.map { ListingText(directory: directory).text(for: $0) }.joined(separator: "\n")
  }

  private func image(_ path: String) throws(ToolError) -> ElfImage {
    guard access(path, F_OK) == 0 || errno != ENOENT else {
      throw .notFound("'\(path)'", "check the path, or build the program first")
    }
    let image: ElfImage
    do throws(ElfError) {
      image = try ElfImage(path: path)
    } catch {
      throw .cannotRun("\(error)", "name a program or library")
    }
    guard image.machine == .x86_64 else {
      throw .cannotRun(
        "'\(path)' is not built for x86-64, the only code that is read so far",
        "inspect a build for that processor")
    }
    guard image.hasSymbolTable else {
      throw .cannotRun(
        "'\(path)' is stripped, and its functions have no names", "inspect it before 'strip'")
    }
    return image
  }

  /// The toolchain's own, beside `swift`.
  private static var disassembler: String? {
    let symbolizer = SymbolizerTool.find(in: ProcessEnvironment.current)?.path
    let beside = symbolizer.map { $0.parentDirectory + "/llvm-objdump" }
    let lookup = ProgramLookup(path: ProcessEnvironment.current["PATH"] ?? "")
    return beside.flatMap { Glibc.access($0, X_OK) == 0 ? $0 : nil }
      ?? (try? lookup.find("llvm-objdump"))
  }
}
