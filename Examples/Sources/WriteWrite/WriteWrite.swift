import Gallery

/// Misuse 1: two tasks change one collection.
@main
struct WriteWrite {
  static func main() async {
    await Gallery(insert, remove, removeAll, twoKeys, set, array, string).run()
  }
}
