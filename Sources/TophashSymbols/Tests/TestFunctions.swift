import Synchronization

/// Tells which functions are tests.
///
/// XCTest finds a test by its name: a method that begins with `test` and takes nothing. Of Swift
/// Testing's, the macro `@Test` makes other functions beside it, whose mangled names hold that of
/// the test: these tell. Closures in a test count as the test.
package final class TestFunctions: Sendable {
  private let images: ImageSet
  private let marked = Mutex<[String: [String]]>([:])

  package init(images: [LoadedImage], cache: ElfImageCache = ElfImageCache()) {
    self.images = ImageSet(images, cache: cache)
  }

  /// The test that `frame` is in, `CartTests.addsTwice()`; `nil` when it is in none.
  package func test(of frame: Frame) -> String? {
    guard frame.origin == .own, let symbol = frame.symbol, !symbol.contains(Self.mark) else {
      return nil
    }
    let function = Self.outermost(frame.function)
    if Self.isTestMethod(function, image: frame.image) { return function }
    guard let image = images.image(at: frame.address &- 1) ?? images.image(at: frame.address)
    else { return nil }
    return prefixes(in: image).contains { symbol.hasPrefix($0) } ? function : nil
  }

  /// The function that a closure was written in.
  private static func outermost(_ function: String) -> String {
    var text = function[...]
    while let inner = text.firstRange(of: " in ") { text = text[inner.upperBound...] }
    return String(text)
  }

  /// What SwiftPM links tests to.
  private static let bundleSuffix = ".xctest"

  private static func isTestMethod(_ function: String, image: String?) -> Bool {
    guard image?.hasSuffix(bundleSuffix) == true, function.hasSuffix("()") else { return false }
    let parts = function.split(separator: ".")
    return parts.count > 1 && parts.last?.hasPrefix("test") == true
  }

  /// What the macro puts behind a test's name in the names of what it makes.
  private static let mark = "4TestfMp_"

  /// How the symbols of an image's tests begin.
  ///
  /// - Complexity: One pass over the symbols, and a few demanglings for each test.
  private func prefixes(in image: ImageSet.Image) -> [String] {
    if let known = marked.withLock({ $0[image.loaded.path] }) { return known }
    var prefixes: Set<String> = []
    for symbol in image.file.symbols
    // The functions themselves, a few for each test; not their parts and pointers.
    where symbol.kind == .function && (symbol.name.hasSuffix("FZ") || symbol.name.hasSuffix("F"))
      && symbol.name.contains(Self.mark)
    {
      // A mangled name repeats no words, so the test's within is not its own yet: that comes when
      // the outer name is taken apart.
      guard let text = demangle(symbol.name), let start = text.firstRange(of: "$s"),
        let end = text[start.lowerBound...].firstRange(of: Self.mark)
      else { continue }
      prefixes.insert(String(text[start.lowerBound..<end.lowerBound]))
    }
    let sorted = prefixes.sorted()
    marked.withLock { $0[image.loaded.path] = sorted }
    return sorted
  }
}
