import Gallery

/// Misuse 4: a collection is walked through while it changes.
@main
struct Iteration {
  static func main() async {
    await Gallery(afterUnlock, liveKeys).run()
  }
}
