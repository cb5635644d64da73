/// How stored pixels are to be turned for display: the values of Exif's tag 0x0112 (CIPA DC-008, 4.6.5.1).
package enum Orientation: UInt16, Sendable, CaseIterable {
  case upright = 1
  case mirrored, rotated180, flipped, transposed, rotated90, transversed, rotated270

  /// True when width and height change places.
  var swapsSides: Bool { rawValue >= 5 }

  /// True when rows can be passed on as they arrive.
  var keepsRowOrder: Bool { self == .upright || self == .mirrored }

  /// The displayed size of stored pixels, and the other way round.
  package func applied(to size: PixelSize) -> PixelSize { swapsSides ? size.transposed : size }

  /// Where the display's pixel 0, 0 lies in an image stored as `size`, and the steps to its neighbours.
  func path(in size: PixelSize) -> (start: (x: Int, y: Int), right: (x: Int, y: Int), down: (x: Int, y: Int)) {
    let lastX = size.width - 1
    let lastY = size.height - 1
    return switch self {
    case .upright: ((0, 0), (1, 0), (0, 1))
    case .mirrored: ((lastX, 0), (-1, 0), (0, 1))
    case .rotated180: ((lastX, lastY), (-1, 0), (0, -1))
    case .flipped: ((0, lastY), (1, 0), (0, -1))
    case .transposed: ((0, 0), (0, 1), (1, 0))
    case .rotated90: ((0, lastY), (0, -1), (1, 0))
    case .transversed: ((lastX, lastY), (0, -1), (-1, 0))
    case .rotated270: ((lastX, 0), (0, 1), (-1, 0))
    }
  }
}
