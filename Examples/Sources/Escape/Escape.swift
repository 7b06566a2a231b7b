import Gallery

/// Misuse 6: data becomes shared without anybody having decided so.
@main
struct Escape {
  static func main() async {
    await Gallery(closureCapture, global, staticProperty, returnedInternals, copiedLock).run()
  }
}
