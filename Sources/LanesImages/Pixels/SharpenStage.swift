import CCodecs
import LanesCore

/// Sharpens an image: adds `amount` times what a blur takes away of its brightness.
///
/// The blur is the binomial one of 3 × 3 pixels (1 2 1, nearly a Gaussian of σ = 0.7 pixels), which reaches as far as resizing
/// softens. Only brightness (the luma of Rec. ITU-R BT.709) is blurred, and red, green and blue change by the same, so that
/// no colored seams appear. What is transparent counts less in the blur, by its alpha, and alpha stays as it is. Beyond an
/// edge the edge goes on.
///
/// Rows wait for the one after them; nothing else is held.
final class SharpenStage: RowSink {
  private let shape: RowShape
  private let amount: Float
  private let next: any RowSink
  /// Three rows of luma times alpha, and of alpha, each with a pixel more at both ends.
  private let luma: FloatRows
  private let alpha: FloatRows
  /// The row before the last one that arrived, which is the one that is sharpened next, and that one.
  private let rows: PixelMemory
  private let finished: PixelMemory
  private var received = 0

  /// - Parameters:
  ///   - shape: of the rows that arrive, and of those that are handed on.
  ///   - amount: above 0.
  init(_ shape: RowShape, amount: Double, next: any RowSink) throws(UnitFailure) {
    self.shape = shape
    self.amount = Float(amount)
    self.next = next
    luma = try FloatRows(count: 3, samples: shape.size.width + 2, slack: 8)
    alpha = try FloatRows(count: 3, samples: shape.size.width + 2, slack: 8)
    rows = try PixelMemory(count: 2 * shape.bytesPerRow)
    finished = try PixelMemory(count: shape.bytesPerRow)
  }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    var image = ccodecs_image(shape)
    ccodecs_luma(row, &image, luma[received % 3], alpha[received % 3])
    (rows.bytes + received % 2 * shape.bytesPerRow).update(from: row, count: shape.bytesPerRow)
    received += 1
    // The first row waits for the second, if there is one.
    if received > 1 { try emit(received - 2, below: received - 1) }
  }

  func finish() throws(UnitFailure) {
    if received > 0 { try emit(received - 1, below: received - 1) }
    try next.finish()
  }

  private func emit(_ row: Int, below: Int) throws(UnitFailure) {
    var image = ccodecs_image(shape)
    let window = [max(row - 1, 0), row, below]
    let lumas = window.map { UnsafePointer<Float>?(luma[$0 % 3]) }
    let alphas = window.map { UnsafePointer<Float>?(alpha[$0 % 3]) }
    ccodecs_sharpen(rows.bytes + row % 2 * shape.bytesPerRow, &image, lumas, alphas, amount, finished.bytes)
    try next.take(finished.bytes)
  }
}
