import Foundation
import Testing
import TophashSymbols
import TophashTestSupport

@testable import TophashInspection

/// Whole outputs for programs that hold every kind of variable. Lines come from the toolchain's
/// symbolizer; without it they would be those of other functions.
@Suite(.enabled(if: SymbolizerTool.find() != nil)) struct InspectionTests {
  @Test(arguments: Program.Build.allCases)
  func `every variable of a program, and why not`(build: Program.Build) throws {
    try expect(Program(name: "Shop", build: build).text(), file: "Shop.\(build).txt")
  }

  @Test(arguments: [Program.Build.debug, .release])
  func `every access, in closures too`(build: Program.Build) throws {
    try expect(
      Program(name: "Closures", build: build).text(listsSites: true), file: "Closures.\(build).txt")
  }

  private func expect(_ text: String, file: String) throws {
    let path = "\(Program.sources)/\(file)"
    // Addresses change with the toolchain's patch level.
    let text = text.replacing(/0x[0-9a-f]+/, with: "0x…")
    // To accept what the tool says now, after having read it.
    if ProcessInfo.processInfo.environment["TOPHASH_RECORD"] != nil {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    let expected = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text == expected)
  }

  @Test func `a site's address is where the call returns to`() throws {
    let program = Program(name: "Shop", build: .release)
    let image = try ElfImage(path: program.path)
    let code = CodeImage(image)
    let sites = try program.inspection().sites
    #expect(sites.count > 20)
    for site in sites {
      let call = site.address - 5
      #expect(image.load(UInt8.self, at: call) == 0xe8)
      let distance = try #require(image.load(Int32.self, at: call + 1))
      let target = code.target(at: site.address &+ UInt64(bitPattern: Int64(distance)))
      #expect(
        target == .symbol(site.kind == .gate ? Runtime.uniquenessGate : Runtime.beginAccess))
    }
  }

  /// No call is lost: each one is a site, except in the compiler's own unused copies.
  @Test(arguments: Program.Build.allCases)
  func `all calls of the runtime are accounted for`(build: Program.Build) throws {
    let program = Program(name: "Shop", build: build)
    let image = try ElfImage(path: program.path)
    let code = ProgramCode(image, VariableTable(DeclaredVariables(image)))
    var calls: Set<UInt64> = []
    for trace in code.traces {
      for call in trace.calls where call.target == .symbol(Runtime.beginAccess) {
        calls.insert(call.returnAddress)
      }
    }
    let inspection = try program.inspection()
    let sites = inspection.variables.flatMap(\.sites) + inspection.unresolved
    #expect(Set(sites.filter { $0.kind != .gate }.map(\.address)) == calls)
    #expect(calls.isEmpty == (build == .unchecked))
  }
}

@Suite struct RefusalTests {
  @Test func `a file of another processor`() throws {
    var bytes = [UInt8](
      try Data(contentsOf: URL(filePath: Program(name: "Shop", build: .release).path)))
    bytes[18] = 183
    let image = try ElfImage(path: "arm", bytes: Bytes(bytes))
    #expect(throws: InspectionError.otherProcessor) { try Inspection(image, symbolizer: nil) }
  }

  @Test func `a file without Swift code`() throws {
    let image = try ElfImage(path: "/bin/sh")
    #expect(throws: InspectionError.noSwiftCode) { try Inspection(image, symbolizer: nil) }
  }
}

/// Damaged files must not stop the tool, nor keep it busy.
@Suite struct DamageTests {
  @Test(arguments: [
    ".text", "swift5_fieldmd", "swift5_type_metadata", ".data", "headers", ".rodata",
    "swift5_capture", ".symtab", ".rela.dyn", ".eh_frame",
  ])
  func `a damaged binary is read as far as it goes`(part: String) throws {
    for build in [Program.Build.release, .stripped] {
      let path = try Program(name: "Shop", build: build).path
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
      let whole = try ElfImage(path: path, bytes: Bytes(bytes))
      var range = 0..<1024
      if let section = whole.section(named: part), section.size > 1 {
        range = Int(section.offset)..<Int(section.offset + section.size)
      }
      for bytes in mutations(of: bytes, in: range, seeds: 0..<8) {
        guard let image = try? ElfImage(path: path, bytes: Bytes(bytes)),
          let inspection = try? Inspection(image, symbolizer: nil)
        else { continue }
        let text = InspectionText(listsSites: true).text(for: inspection)
        #expect(text.hasSuffix("\n"))
      }
    }
  }
}
