import CCodecs
import LanesCore

/// The structural similarity of two pictures of one size, and the difference of their samples.
///
/// Source: Wang, Bovik, Sheikh and Simoncelli, Image Quality Assessment: From Error Visibility to Structural Similarity
/// (2004): windows of 11 × 11 pixels with Gaussian weights of σ = 1.5 and sum 1, K1 = 0.01, K2 = 0.03, L = 255, population
/// variances, and the mean over all windows that lie inside, as in the authors' program and in scikit-image with
/// `gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255`. Luma is that of BT.709 of encoded samples,
/// not rounded. A picture with a side of fewer than 11 pixels has windows as long as that side.
struct Similarity {
  /// Sides of the blocks whose means tell of damage in one place, in windows.
  private static let block = 32
  private static let taps = 11

  private let one: Picture
  private let other: Picture
  private let deadline: Deadline

  init(_ one: Picture, _ other: Picture, deadline: Deadline) {
    (self.one, self.other, self.deadline) = (one, other, deadline)
  }

  /// Where a picture has alpha, both are laid on black and on white, and the ground on which they are less alike counts.
  func likeness() throws(UnitFailure) -> Likeness {
    let hasAlpha = one.hasAlpha || other.hasAlpha
    var blocks = try Blocks(self, onWhite: false)
    if hasAlpha {
      let onWhite = try Blocks(self, onWhite: true)
      if onWhite.mean < blocks.mean { blocks = onWhite }
    }
    let sorted = blocks.means.sorted()
    let worst = blocks.means.indices.min { blocks.means[$0] < blocks.means[$1] }!
    return Likeness(
      size: one.size, meanSquaredError: meanSquaredError(hasAlpha: hasAlpha), ssim: blocks.mean,
      tenthPercentile: sorted[(sorted.count - 1) / 10], worst: blocks.means[worst],
      worstBlock: blocks.place(worst))
  }

  /// Without alpha its samples are the same, and not counted.
  private func meanSquaredError(hasAlpha: Bool) -> Double {
    var sum: UInt64 = 0
    for y in 0..<one.size.height {
      sum += ccodecs_squared_error(one.row(y), other.row(y), 4 * one.size.width, Int32(one.depth))
    }
    let top = one.depth == 8 ? 255.0 : 65535
    return Double(sum) / (Double(one.size.area) * (hasAlpha ? 4 : 3)) / (top * top)
  }

  /// Means of the windows of each block.
  private struct Blocks {
    let means: [Double]
    let mean: Double
    private let across: Int
    private let windows: PixelSize
    private let size: PixelSize

    init(_ pair: borrowing Similarity, onWhite: Bool) throws(UnitFailure) {
      size = pair.one.size
      var window = ccodecs_ssim_window()
      window.columns = Int32(min(taps, size.width))
      window.rows = Int32(min(taps, size.height))
      withUnsafeMutableBytes(of: &window.across) {
        Self.fill($0.bindMemory(to: Float.self), min(taps, pair.one.size.width))
      }
      withUnsafeMutableBytes(of: &window.down) {
        Self.fill($0.bindMemory(to: Float.self), min(taps, pair.one.size.height))
      }
      let rows = Int(window.rows)
      let width = size.width
      windows = PixelSize(width - Int(window.columns) + 1, size.height - rows + 1)
      across = (windows.width + block - 1) / block
      let down = (windows.height + block - 1) / block
      var sums = [Double](repeating: 0, count: across * down)
      // A window's rows and a band of others, so that few rows are moved.
      let held = rows + 32
      // Luma of both pictures, one behind the other.
      let memory = try FloatRows(packed: 2 * held * width)
      let luma = [memory[0], memory[0] + held * width]
      let scratch = try FloatRows(packed: 5 * (width + 16) + windows.width)
      let out = scratch[0] + 5 * (width + 16)
      var (first, end) = (0, 0)
      for y in 0..<windows.height {
        if y + rows > end {
          try pair.deadline.check()
          let next = min(y + held, pair.one.size.height)
          for (picture, luma) in zip([pair.one, pair.other], luma) {
            if end > y { luma.update(from: luma + (y - first) * width, count: (end - y) * width) }
            for row in max(end, y)..<next {
              ccodecs_shown_luma(picture.row(row), luma + (row - y) * width, width, Int32(picture.depth), onWhite)
            }
          }
          (first, end) = (y, next)
        }
        let offset = (y - first) * width
        ccodecs_ssim_row(&window, luma[0] + offset, luma[1] + offset, width, scratch[0], out)
        for x in 0..<windows.width { sums[y / block * across + x / block] += Double(out[x]) }
      }
      mean = sums.reduce(0, +) / Double(windows.area)
      var means = sums
      for index in means.indices { means[index] /= Double(Self.part(index, across, windows).size.area) }
      self.means = means
    }

    /// The pixels that the windows of a block look at.
    func place(_ index: Int) -> PixelRect {
      let part = Self.part(index, across, windows)
      let (columns, rows) = (size.width - windows.width, size.height - windows.height)
      return PixelRect(x: part.x, y: part.y, size: PixelSize(part.size.width + columns, part.size.height + rows))
    }

    private static func part(_ index: Int, _ across: Int, _ windows: PixelSize) -> PixelRect {
      let (x, y) = (index % across * block, index / across * block)
      return PixelRect(x: x, y: y, size: PixelSize(min(block, windows.width - x), min(block, windows.height - y)))
    }

    /// The Gaussian's weights for `count` places around their middle.
    private static func fill(_ weights: UnsafeMutableBufferPointer<Float>, _ count: Int) {
      var values: [Double] = []
      for index in 0..<count {
        let distance = Double(index) - Double(count - 1) / 2
        values.append(ccodecs_exp(-distance * distance / (2 * 1.5 * 1.5)))
      }
      let sum = values.reduce(0, +)
      for index in 0..<count { weights[index] = Float(values[index] / sum) }
    }
  }
}

/// The decimal logarithm of a number above 0.
func decimalLogarithm(_ value: Double) -> Double { ccodecs_log10(value) }
