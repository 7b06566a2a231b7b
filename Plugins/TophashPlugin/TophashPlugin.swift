import Foundation
import PackagePlugin

/// `swift package tophash …`: the installed `tophash`, in the package's directory.
///
/// The plugin has no dependency, so that nobody builds the tool along with an app; it runs the
/// `tophash` that `TOPHASH` names, or the first one along `PATH`.
@main struct TophashPlugin: CommandPlugin {
  func performCommand(context: PluginContext, arguments: [String]) throws {
    let environment = ProcessInfo.processInfo.environment
    guard let tool = Self.tool(in: environment) else {
      Diagnostics.error(
        "there is no tophash to run; install it along PATH, or name it in TOPHASH")
      return
    }
    let process = Process()
    process.executableURL = tool
    process.arguments = Self.arguments(arguments)
    process.currentDirectoryURL = context.package.directoryURL
    try process.run()
    process.waitUntilExit()
    // 66 says that there are findings, which were reported.
    if process.terminationReason == .uncaughtSignal {
      Diagnostics.error("tophash was ended by signal \(process.terminationStatus)")
    } else if process.terminationStatus != 0 {
      Diagnostics.error("tophash ended with exit status \(process.terminationStatus)")
    }
  }

  /// The command that runs this plugin holds the package's build folder, and does nothing with it
  /// until the plugin ends: the one that builds the tests may use it meanwhile.
  private static func arguments(_ words: [String]) -> [String] {
    switch words.first {
    case nil: ["--help"]
    case "test" where !words.contains("--help") && !words.contains("-h"): words + ["--ignore-lock"]
    default: words
    }
  }

  private static func tool(in environment: [String: String]) -> URL? {
    if let chosen = environment["TOPHASH"], !chosen.isEmpty { return URL(filePath: chosen) }
    return (environment["PATH"] ?? "").split(separator: ":")
      .map { URL(filePath: String($0)).appending(path: "tophash") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path(percentEncoded: false)) }
  }
}
