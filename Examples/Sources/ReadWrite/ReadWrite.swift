import Gallery

/// Misuse 2: one task changes what others read.
@main
struct ReadWrite {
  static func main() async {
    await Gallery(manyReaders, nestedValue).run()
  }
}
