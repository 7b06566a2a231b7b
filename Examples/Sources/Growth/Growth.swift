import Gallery

/// Misuse 3: old elements are used while new ones make the collection grow, and so move.
@main
struct Growth {
  static func main() async {
    await Gallery(dictionary, array).run()
  }
}
