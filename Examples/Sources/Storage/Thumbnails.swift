import Dispatch
import Gallery

/// Draws pictures into the places of an array. Racy: each place has one writer, but the array is
/// one value, and every assignment to a place modifies all of it.
func thumbnails(of pictures: Int) -> [Int] {
  nonisolated(unsafe) var sizes = [Int](repeating: 0, count: pictures)
  DispatchQueue.concurrentPerform(iterations: pictures) { picture in
    visit()
    sizes[picture] = picture * picture  // race: draw
  }
  return sizes
}

/// Fixed: takes the array's memory once, and gives each iteration a place of its own in it.
func thumbnailsInPlace(of pictures: Int) -> [Int] {
  var sizes = [Int](repeating: 0, count: pictures)
  sizes.withUnsafeMutableBufferPointer { buffer in
    nonisolated(unsafe) let places = buffer
    DispatchQueue.concurrentPerform(iterations: pictures) { picture in
      visit()
      places[picture] = picture * picture
    }
  }
  return sizes
}

let performArray = Scenario("perform-array") {
  [Worker("studio", rounds: 1) { _ in _ = thumbnails(of: 200) }]
} fixed: {
  [
    Worker("studio", rounds: 1) { _ in
      precondition(thumbnailsInPlace(of: 200) == (0..<200).map { $0 * $0 })
    }
  ]
}
