import Gallery
import Synchronization

/// One customer's settings.
final class Tenant: @unchecked Sendable {
  private var settings = ["language": "en", "theme": "light"]

  func set(_ name: String, to value: String) {
    settings[name] = value  // race: set
  }

  func setting(_ name: String) -> String? {
    settings[name]  // race: ask
  }
}

/// All customers. Racy: a map that is safe to share, of maps that are not.
final class Tenants: Sendable {
  private let tenants = Mutex(["acme": Tenant()])

  func tenant(_ name: String) -> Tenant? {
    tenants.withLock { $0[name] }
  }
}

/// Fixed: the inner maps are values, and live inside the same mutex.
final class GuardedTenants: Sendable {
  private let settings = Mutex(["acme": ["language": "en", "theme": "light"]])

  func set(_ name: String, of tenant: String, to value: String) {
    settings.withLock { $0[tenant]?[name] = value }
  }

  func setting(_ name: String, of tenant: String) -> String? {
    settings.withLock { $0[tenant]?[name] }
  }
}

let mapInMap = Scenario("map-in-map") {
  let tenants = Tenants()
  return [
    Worker("settings page") { round in
      tenants.tenant("acme")?.set("theme", to: round.isMultiple(of: 2) ? "dark" : "light")
    },
    Worker("renderer") { _ in
      precondition(tenants.tenant("acme")?.setting("language") == "en")
    },
  ]
} fixed: {
  let tenants = GuardedTenants()
  return [
    Worker("settings page") { round in
      tenants.set("theme", of: "acme", to: round.isMultiple(of: 2) ? "dark" : "light")
    },
    Worker("renderer") { _ in
      precondition(tenants.setting("language", of: "acme") == "en")
    },
  ]
}
