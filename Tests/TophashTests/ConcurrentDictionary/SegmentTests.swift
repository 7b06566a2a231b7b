#if os(Linux)
import Glibc
import Testing

@testable import Tophash

@Suite struct SegmentTests {
  typealias Segment = Tophash.Segment<UInt64, UInt64>

  /// The pages of a segment's overflow nodes that are in memory.
  func residentAreaPages(_ segment: Segment) -> Int {
    let start = Int(bitPattern: segment.base) + Segment.areaOffset(homesLog: segment.homesLog)
    let first = Node<Int, Int>.roundUp(start, to: 4096)
    let end = Int(bitPattern: segment.base) + Segment.byteCount(homesLog: segment.homesLog)
    var pages = [UInt8](repeating: 0, count: (end - first) / 4096)
    precondition(
      mincore(UnsafeMutableRawPointer(bitPattern: first), pages.count * 4096, &pages) == 0)
    return pages.count { $0 & 1 != 0 }
  }

  @Test func `a segment out of use keeps no memory for overflow, and its versions`() {
    let segment = Segment.allocate(homesLog: Segment.maximumHomesLog)
    defer { segment.base.deallocate() }
    segment.prepare(.all)
    segment.open()
    for _ in 0..<segment.homes { _ = segment.takeNode(first: true) }
    #expect(residentAreaPages(segment) > 6)
    segment.freeze()
    segment.close()
    let versions = (0..<segment.homes).map { segment.bucket($0).bucketWord }

    segment.releaseAreaPages()
    #expect(residentAreaPages(segment) == 0)
    #expect((0..<segment.homes).map { segment.bucket($0).bucketWord } == versions)

    // Who takes it next finds empty nodes.
    segment.prepare(.all)
    let node = segment.takeNode(first: true)
    #expect(node?.tags.bits == 0 && node?.next == nil)
  }
}
#endif
