/// One way to use a shared variable wrongly, and the page that explains it.
package struct Misuse: Sendable {
  package enum Group: String, CaseIterable, Sendable {
    /// What a finding may be reported as.
    case rule = "Rules"
    /// How it comes about, in other words: the program's, not the report's.
    case cause = "Causes"
    /// Guarded, but not quite.
    case variant = "Guarded, but not quite"
  }

  /// What `tophash explain` calls it; the file of its page has the same name.
  package let name: String
  package let group: Group
  /// The page, in Markdown.
  package let page: String

  private init(_ name: String, _ group: Group, _ page: [UInt8]) {
    self.name = name
    self.group = group
    self.page = String(decoding: page, as: UTF8.self)
  }

  /// The page's heading: the misuse in a few words.
  package var title: String {
    String(page.prefix { $0 != "\n" }.drop { $0 == "#" || $0 == " " })
  }

  /// The misuse with this name.
  package static func named(_ name: String) -> Misuse? { all.first { $0.name == name } }

  /// All of them, the most common first within each group.
  package static let all: [Misuse] = [
    Misuse("concurrent-modification", .rule, PackageResources.concurrent_modification_md),
    Misuse(
      "concurrent-read-and-modification", .rule,
      PackageResources.concurrent_read_and_modification_md),
    Misuse("storage-modification", .rule, PackageResources.storage_modification_md),
    Misuse("access-during-growth", .cause, PackageResources.access_during_growth_md),
    Misuse(
      "iteration-during-modification", .cause, PackageResources.iteration_during_modification_md),
    Misuse("rare-modification", .cause, PackageResources.rare_modification_md),
    Misuse("shared-by-escape", .cause, PackageResources.shared_by_escape_md),
    Misuse("check-then-act", .variant, PackageResources.check_then_act_md),
    Misuse("write-under-read-lock", .variant, PackageResources.write_under_read_lock_md),
    Misuse("state-flag", .variant, PackageResources.state_flag_md),
    Misuse("map-in-map", .variant, PackageResources.map_in_map_md),
    Misuse("lazy-initialisation", .variant, PackageResources.lazy_initialisation_md),
    Misuse("wrong-lock", .variant, PackageResources.wrong_lock_md),
  ]
}
