import Synchronization

/// Images opened once, by path, and kept with what was decoded of them.
package final class ElfImageCache: Sendable {
  private let images = Mutex<[String: Result<ElfImage, ElfError>]>([:])

  package init() {}

  /// Holds `images` already.
  package init(_ images: [String: ElfImage]) {
    self.images.withLock { $0 = images.mapValues(Result.success) }
  }

  /// The image at `path`, opened now or before.
  ///
  /// - Throws: `ElfError`, the same one each time.
  package func image(at path: String) throws(ElfError) -> ElfImage {
    let result = images.withLock { images in
      if let known = images[path] { return known }
      let opened = Result { () throws(ElfError) in try ElfImage(path: path) }
      images[path] = opened
      return opened
    }
    return try result.get()
  }
}
