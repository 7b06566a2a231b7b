/// Colours for a terminal, or none.
package struct Style: Sendable {
  package var isColored: Bool

  package init(isColored: Bool) {
    self.isColored = isColored
  }

  package func alarm(_ text: String) -> String { painted(text, "1;31") }
  package func doubt(_ text: String) -> String { painted(text, "1;33") }
  package func strong(_ text: String) -> String { painted(text, "1") }
  package func place(_ text: String) -> String { painted(text, "36") }
  package func mark(_ text: String) -> String { painted(text, "1;32") }
  package func faint(_ text: String) -> String { painted(text, "2") }

  private func painted(_ text: String, _ code: String) -> String {
    isColored && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }
}
