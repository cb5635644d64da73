import LanesCore

/// Bytes that converting one image takes at its peak, beside the file itself: what `--memory` shares out.
///
/// Counted from what the stages hold, for the worst of the ways a conversion may go.
package struct MemoryEstimate {
  /// Decoder and encoder state, tables, and what the program's own allocator keeps between images.
  private static let base = 4 << 20

  /// The profile as numbers, and the tables that are made of it.
  private static let colors = 6 << 20

  package let bytes: Int

  /// - Parameter fileSize: serves where the header says nothing.
  package init(_ probe: ImageProbe?, fileSize: Int, options: ConvertOptions) {
    guard let probe, probe.size.width > 0, probe.size.height > 0,
      !probe.size.width.multipliedReportingOverflow(by: probe.size.height).overflow,
      probe.size.area <= options.maxPixels
    else {
      // It will be refused, or it is no image at all.
      bytes = Self.base + min(fileSize, 1 << 55)
      return
    }
    var bytes = probe.decoderBytes
    var results = 0
    for position in 0..<options.resultCount {
      let options = options.result(position).settled(for: probe.format)
      let moving = probe.format.codec.movingMemory(probe, options: options)
      let orientation = options.applied(probe.orientation)
      guard let geometry = try? Geometry(stored: probe.size, orientation: orientation, options: options) else {
        continue
      }
      if !geometry.isResized { bytes = max(bytes, moving) }
      results += Self.result(of: geometry, probe, options)
    }
    self.bytes = Self.base + bytes + results + (options.profile == .srgb ? Self.colors : 0)
  }

  /// Rows on their way, the rows that turning holds, the encoder, and the encoded result.
  private static func result(of geometry: Geometry, _ probe: ImageProbe, _ options: ConvertOptions) -> Int {
    // A narrow row of floats for each of the rows under the widest filter, and a band of wide ones.
    let taps = 6 * max(1, geometry.crop.size.height / max(1, geometry.scaled.height)) + 6
    let rows = (taps * geometry.window.size.width + 8 * probe.size.width) * 4 * MemoryLayout<Float>.size
    let turned = geometry.turn.keepsRowOrder ? 0 : geometry.window.size.area * probe.bytesPerPixel
    let format = options.outputFormat(for: probe.format)
    func encoding(_ options: ConvertOptions) -> Int {
      format.codec.encodingMemory(
        pixels: geometry.result.area, bytesPerPixel: probe.bytesPerPixel,
        options: options.settled(isLossless: probe.isLossless, from: probe.format, to: format))
    }
    guard options.maxBytes != nil else { return rows + turned + encoding(options) }
    // The rows are kept and encoded again, beside the file that is the best so far.
    var strongest = options
    format.codec.smallerSteps(than: options).first?.apply(to: &strongest)
    let kept = geometry.result.area * probe.bytesPerPixel
    return rows + turned + kept + encoding(options) + encoding(strongest)
  }
}
