/// Elements in a row, with gaps where they have not come yet; taken off at the front, where their memory is let go at once.
package struct Ring<Element> {
  private var places: [Element?]
  private var head = 0
  /// Places from the first to the last that was filled.
  package private(set) var count = 0

  package init() { places = Array(repeating: nil, count: 16) }

  package var isEmpty: Bool { count == 0 }

  /// What is at the front; nil where that is a gap, or there is nothing.
  package var first: Element? { places[head] }

  package mutating func append(_ element: Element) { put(element, at: count) }

  package mutating func prepend(_ element: Element) {
    if count == places.count { grow(toHold: count + 1) }
    head = (head - 1) & (places.count - 1)
    places[head] = element
    count += 1
  }

  /// Fills the place that is `position` behind the front.
  package mutating func put(_ element: Element, at position: Int) {
    if position >= places.count { grow(toHold: position + 1) }
    places[(head + position) & (places.count - 1)] = element
    count = max(count, position + 1)
  }

  /// Moves the front on by one place and gives what was there.
  @discardableResult
  package mutating func removeFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = places[head].take()
    head = (head + 1) & (places.count - 1)
    count -= 1
    return element
  }

  /// The number of places stays a power of two.
  private mutating func grow(toHold needed: Int) {
    var size = places.count * 2
    while size < needed { size *= 2 }
    let rest = places[head...] + places[..<head]
    places = rest + Array(repeating: nil, count: size - places.count)
    head = 0
  }
}
