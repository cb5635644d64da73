import LanesCore

/// One setting of an encoder that `--max-bytes` may choose by itself.
package enum EncoderStep: Sendable, Equatable {
  /// Quality, 1 to 100.
  case quality(Int)
  /// PNG compression, 0 to 12.
  case level(Int)

  /// Most steps that are searched: six encodings tell the best of them.
  static let most = 63

  /// What it is called on the command line.
  package var option: String {
    switch self {
    case .quality: "--quality"
    case .level: "--png-level"
    }
  }

  /// The same in JSON.
  package var member: String {
    switch self {
    case .quality: "quality"
    case .level: "png_level"
    }
  }

  package var value: Int {
    switch self {
    case .quality(let value), .level(let value): value
    }
  }

  /// nil for an option that is none of these.
  static func named(_ option: String, _ value: Int) -> EncoderStep? {
    [.quality(value), .level(value)].first { $0.option == option }
  }

  /// Sets it in `options`.
  func apply(to options: inout ConvertOptions) {
    switch self {
    case .quality(let value): options.quality = value
    case .level(let value): options.pngLevel = value
    }
  }

  /// Qualities below `quality`, lowest first. Of more than `most` the lowest are left out by turns, where a step is hardly
  /// seen among so much else.
  static func qualities(below quality: Int) -> [EncoderStep] {
    let all = Array(1..<max(1, quality))
    let pairs = max(0, all.count - most)
    let coarse = stride(from: 0, to: 2 * pairs, by: 2).map { all[$0] }
    return (coarse + all[(2 * pairs)...]).map { .quality($0) }
  }
}

/// Looks for the best of several steps whose file is small enough, by halving what is left.
///
/// It is taken for granted that each step makes files at least as large as the ones before it. Where that fails by a few
/// bytes, what is found still fits.
struct StepSearch {
  /// The best that fits.
  private(set) var best: EncoderStep?
  /// The smallest file that was made, and how.
  private(set) var smallest: (count: Int, step: EncoderStep?)

  /// - Parameter count: bytes of the file that the settings as they were asked for gave, which are too many.
  init(_ count: Int) { smallest = (count, nil) }

  /// - Parameters:
  ///   - steps: those of the smallest files first.
  ///   - encode: makes a file and returns how many bytes it has; called for at most seven of 127 steps, six of 63.
  mutating func run(
    _ steps: [EncoderStep], limit: Int, encode: (EncoderStep) throws(UnitFailure) -> Int
  ) throws(UnitFailure) {
    var (low, high) = (0, steps.count)
    while low < high {
      let middle = (low + high) / 2
      let count = try encode(steps[middle])
      if count < smallest.count { smallest = (count, steps[middle]) }
      if count <= limit {
        best = steps[middle]
        low = middle + 1
      } else {
        high = middle
      }
    }
  }
}

/// Hands rows on and keeps them, so that they can be handed on once more.
final class RowKeeper: RowSink {
  let shape: RowShape
  private let pixels: PixelMemory
  private let next: any RowSink
  private var received = 0

  /// - Parameter shape: of the rows that arrive.
  init(_ shape: RowShape, next: any RowSink) throws(UnitFailure) {
    self.shape = shape
    self.next = next
    pixels = try PixelMemory(count: shape.bytesPerRow * shape.size.height)
  }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    (pixels.bytes + received * shape.bytesPerRow).update(from: row, count: shape.bytesPerRow)
    received += 1
    try next.take(row)
  }

  func finish() throws(UnitFailure) { try next.finish() }

  /// Hands all rows to another stage and finishes it.
  func send(to stage: any RowSink) throws(UnitFailure) {
    for row in 0..<received { try stage.take(pixels.bytes + row * shape.bytesPerRow) }
    try stage.finish()
  }
}
