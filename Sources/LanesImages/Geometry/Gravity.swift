/// The side or corner that a picture keeps when it is cropped, and lies at when it is padded.
package enum Gravity: String, Sendable, CaseIterable {
  case centre, north, northeast, east, southeast, south, southwest, west, northwest

  /// How much of `room`, free pixels in each direction, lies left of and above what is placed.
  func place(in room: PixelSize) -> (x: Int, y: Int) {
    let x =
      switch self {
      case .northwest, .west, .southwest: 0
      case .north, .centre, .south: room.width / 2
      case .northeast, .east, .southeast: room.width
      }
    let y =
      switch self {
      case .northwest, .north, .northeast: 0
      case .west, .centre, .east: room.height / 2
      case .southwest, .south, .southeast: room.height
      }
    return (x, y)
  }
}
