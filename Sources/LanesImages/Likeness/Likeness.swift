import LanesCore

/// How alike two pictures are: the partial result of a unit of `LikenessWorkload`.
package struct Likeness: Sendable, Equatable {
  /// As displayed.
  package var size: PixelSize
  /// The mean of the squared differences of all samples, each 0…1: of red, green and blue, and of alpha where a picture has it.
  package var meanSquaredError: Double
  /// The mean structural similarity, 1 for the same luma.
  package var ssim: Double
  /// The similarity of the block below which a tenth of all are: damage in one place hardly changes the mean.
  package var tenthPercentile: Double
  /// The block that is least alike.
  package var worst: Double
  package var worstBlock: PixelRect

  /// Decibels: the peak's square over the mean squared error; infinite for pictures without a difference.
  package var psnr: Double { meanSquaredError > 0 ? -10 * decimalLogarithm(meanSquaredError) : .infinity }

  /// The structural dissimilarity, (1 − SSIM) / 2 (Loza et al., 2006): 0 for the same luma, 0.5 for luma without likeness.
  package var dssim: Double { (1 - ssim) / 2 }

  /// True when no sample differs.
  package var isSame: Bool { meanSquaredError == 0 }

  func encoded() -> Bytes {
    var writer = WireWriter()
    for number in [meanSquaredError, ssim, tenthPercentile, worst] { writer.write(number) }
    for number in [
      size.width, size.height, worstBlock.x, worstBlock.y, worstBlock.size.width, worstBlock.size.height,
    ] { writer.write(number) }
    return writer.bytes
  }

  init(
    size: PixelSize, meanSquaredError: Double, ssim: Double, tenthPercentile: Double, worst: Double,
    worstBlock: PixelRect
  ) {
    self.size = size
    self.meanSquaredError = meanSquaredError
    self.ssim = ssim
    self.tenthPercentile = tenthPercentile
    self.worst = worst
    self.worstBlock = worstBlock
  }

  init(from reader: inout WireReader) throws(WireError) {
    meanSquaredError = try reader.readDouble()
    ssim = try reader.readDouble()
    tenthPercentile = try reader.readDouble()
    worst = try reader.readDouble()
    size = PixelSize(try reader.read(), try reader.read())
    let (x, y): (Int, Int) = (try reader.read(), try reader.read())
    worstBlock = PixelRect(x: x, y: y, size: PixelSize(try reader.read(), try reader.read()))
  }
}
