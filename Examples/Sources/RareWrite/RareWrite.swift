import Gallery

/// Misuse 5: a rare write under hot reads, the blind spot of detectors.
@main
struct RareWrite {
  static func main() async {
    await Gallery(featureFlags).run()
  }
}
