import CCodecs
import LanesCore

/// Resizes rows as they arrive, and changes depth and alpha on the way.
///
/// Each row is made as narrow as the result and kept in a ring that holds as many rows as the filter is high; as soon as
/// the last row under the filter is there, a row of the result goes to the next stage. Colors are premultiplied by
/// alpha while they are added up, so that what is invisible leaves no fringe.
final class ResampleStage: RowSink {
  /// Rows that the kernel narrows at a time.
  private static let band = 4

  private let from: RowShape
  private let to: RowShape
  private let horizontal: ResampleAxis
  private let vertical: ResampleAxis
  private let background: RGBColor
  private let curve: SRGBTransfer?
  private let next: any RowSink

  private let wide: FloatRows
  private let ring: FloatRows
  private let blended: FloatRows
  private let finished: PixelMemory
  private let ringCount: Int
  private let samples: Int
  /// Rows in `wide` that are not in the ring yet.
  private var waiting = 0
  private var received = 0
  private var sent = 0

  /// - Parameters:
  ///   - to: of the window's size; the same or fewer channels; depth and alpha may differ.
  init(
    from: RowShape, to: RowShape, _ resampling: Resampling, background: RGBColor, next: any RowSink
  ) throws(UnitFailure) {
    self.from = from
    self.to = to
    self.background = background
    curve = resampling.isLinear ? SRGBTransfer(depth: from.depth) : nil
    self.next = next
    let (covered, scaled, window) = (resampling.covered, resampling.scaled, resampling.window)
    horizontal = ResampleAxis(
      inputCount: from.size.width, extent: covered.width, outputCount: scaled.width, part: window.columns,
      filter: resampling.filter)
    vertical = ResampleAxis(
      inputCount: from.size.height, extent: covered.height, outputCount: scaled.height, part: window.rows,
      filter: resampling.filter)
    samples = (to.size.width * from.channels + 7) / 8 * 8
    // A whole band arrives while the rows under the filter are still needed.
    ringCount = vertical.taps + Self.band
    wide = try FloatRows(
      count: Self.band, samples: from.size.width * from.channels, slack: horizontal.stride * from.channels)
    ring = try FloatRows(count: ringCount, samples: samples, slack: 0)
    blended = try FloatRows(count: 1, samples: samples, slack: 0)
    finished = try PixelMemory(count: to.bytesPerRow)
  }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    var image = ccodecs_image(from)
    // Floats from here on: no rounding between the two directions.
    curve.withC { ccodecs_widen(row, wide[waiting], &image, $0) }
    waiting += 1
    guard waiting == Self.band || received + waiting == from.size.height else { return }
    narrowWaitingRows()
    // A band may finish several rows when the image is enlarged, and none when it shrinks.
    while sent < vertical.outputCount && isReady(sent) {
      emit(sent)
      try next.take(finished.bytes)
      sent += 1
    }
  }

  /// Makes the rows that wait as narrow as the result and puts them into the ring. Always `band` rows are worked on:
  /// what the last, shorter band leaves in the slots after it is overwritten or never asked for.
  private func narrowWaitingRows() {
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: Self.band) { rows in
      withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>?.self, capacity: Self.band) { slots in
        for index in 0..<Self.band {
          rows.initializeElement(at: index, to: UnsafePointer(wide[index]))
          slots.initializeElement(at: index, to: ring[(received + index) % ringCount])
        }
        horizontal.withC { ccodecs_resample($0, Int32(from.channels), rows.baseAddress!, slots.baseAddress!) }
      }
    }
    received += waiting
    waiting = 0
  }

  func finish() throws(UnitFailure) { try next.finish() }

  private func isReady(_ row: Int) -> Bool {
    min(Int(vertical.first[row]) + vertical.taps, from.size.height) <= received
  }

  /// Adds up the rows under the filter of one row of the result and rounds them to its channels.
  private func emit(_ row: Int) {
    let first = Int(vertical.first[row])
    let count = min(vertical.taps, from.size.height - first)
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: count) { rows in
      for tap in 0..<count { rows.initializeElement(at: tap, to: UnsafePointer(ring[(first + tap) % ringCount])) }
      vertical.weights.withUnsafeBufferPointer {
        ccodecs_blend(rows.baseAddress!, $0.baseAddress! + row * vertical.stride, Int32(count), blended[0], samples)
      }
    }
    var source = ccodecs_image(from)
    source.width = UInt32(to.size.width)
    var target = ccodecs_image(to)
    let color = [background.red, background.green, background.blue]
    color.withUnsafeBufferPointer { color in
      curve.withC { ccodecs_narrow(blended[0], &source, finished.bytes, &target, color.baseAddress!, $0) }
    }
  }
}
