import Gallery

/// Storage that no access call tells of: captures of closures that do not escape, lazy properties,
/// memory behind pointers. Two tasks that modify it in place meet at its buffer.
@main
struct Storage {
  static func main() async {
    await Gallery(performDictionary, performArray, lazyProperty, unsafePointer).run()
  }
}
