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

  /// The turn that does this one and then `next`.
  package func then(_ next: Orientation) -> Orientation {
    let (first, second) = (steps, next.steps)
    func stored(_ step: (x: Int, y: Int)) -> (x: Int, y: Int) {
      (step.x * first.right.x + step.y * first.down.x, step.x * first.right.y + step.y * first.down.y)
    }
    let (right, down) = (stored(second.right), stored(second.down))
    guard let both = Self.allCases.first(where: { $0.steps.right == right && $0.steps.down == down }) else {
      preconditionFailure("two turns make a turn")
    }
    return both
  }

  /// Where the displayed `rect` lies in an image stored as `size`.
  func stored(_ rect: PixelRect, in size: PixelSize) -> PixelRect {
    let path = path(in: size)
    func place(_ x: Int, _ y: Int) -> (x: Int, y: Int) {
      (path.start.x + x * path.right.x + y * path.down.x, path.start.y + x * path.right.y + y * path.down.y)
    }
    let one = place(rect.x, rect.y)
    let other = place(rect.x + rect.size.width - 1, rect.y + rect.size.height - 1)
    return PixelRect(x: min(one.x, other.x), y: min(one.y, other.y), size: applied(to: rect.size))
  }

  private var steps: (right: (x: Int, y: Int), down: (x: Int, y: Int)) {
    let path = path(in: PixelSize(1, 1))
    return (path.right, path.down)
  }

  /// Where the display's pixel 0, 0 lies in an image stored as `size`, and the steps to its neighbors.
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
