import CCodecs
import LanesCore

/// Turns colors of an image's profile into those of sRGB. Alpha stays; four inks become red, green and blue.
final class ColorStage: RowSink {
  private static let level = SRGBTransfer.levels
  /// For every whole step of the curve the level of 8 bits.
  private static let level8 = level.dropLast().map { UInt8($0 * 255 + 0.5) }

  private let shape: RowShape
  private let tables: ColorTables
  private let isOfInks: Bool
  private let next: any RowSink
  private let converted: PixelMemory

  /// - Parameter shape: of the rows that arrive, which stays; its channels are those of the profile's device.
  init(_ conversion: ColorConversion, _ shape: RowShape, next: any RowSink) throws(UnitFailure) {
    self.shape = shape
    self.next = next
    tables = conversion.tables(depth: shape.depth)
    isOfInks = conversion.device == .inks
    converted = try PixelMemory(count: shape.bytesPerRow)
  }

  func take(_ row: UnsafePointer<UInt8>) throws(UnitFailure) {
    switch tables {
    case .gray(let levels):
      if shape.depth == 8 { convert(UInt8.self, row, levels) } else { convert(UInt16.self, row, levels) }
    case .matrix(let light, let matrix): convert(row, light, matrix)
    case .grid(let places, let table, let matrix): convert(row, places, table, matrix)
    }
    try next.take(converted.bytes)
  }

  func finish() throws(UnitFailure) { try next.finish() }

  private func convert<Sample: FixedWidthInteger>(
    _: Sample.Type, _ row: UnsafePointer<UInt8>, _ levels: [UInt16]
  ) {
    let source = UnsafeRawPointer(row).assumingMemoryBound(to: Sample.self)
    let target = UnsafeMutableRawPointer(converted.bytes).assumingMemoryBound(to: Sample.self)
    for at in stride(from: 0, to: shape.size.width * shape.channels, by: shape.channels) {
      target[at] = Sample(truncatingIfNeeded: levels[Int(source[at])])
      if shape.channels == 2 { target[at + 1] = source[at + 1] }
    }
  }

  private func convert(_ row: UnsafePointer<UInt8>, _ light: [[Float]], _ matrix: [Float]) {
    var image = ccodecs_image(shape)
    light[0].withUnsafeBufferPointer { red in
      light[1].withUnsafeBufferPointer { green in
        light[2].withUnsafeBufferPointer { blue in
          Self.withC(matrix) {
            var colors = ccodecs_matrix_colors(
              light: (red.baseAddress, green.baseAddress, blue.baseAddress), srgb: $0)
            ccodecs_color_by_matrix(row, converted.bytes, &image, &colors)
          }
        }
      }
    }
  }

  /// Lends what leads to sRGB's levels to C for the length of a call.
  private static func withC(_ matrix: [Float], _ body: (ccodecs_srgb) -> Void) {
    var srgb = ccodecs_srgb()
    withUnsafeMutableBytes(of: &srgb.matrix) { room in matrix.withUnsafeBytes { room.copyMemory(from: $0) } }
    level.withUnsafeBufferPointer { level in
      level8.withUnsafeBufferPointer { level8 in
        (srgb.level, srgb.level8) = (level.baseAddress, level8.baseAddress)
        body(srgb)
      }
    }
  }

  private func convert(_ row: UnsafePointer<UInt8>, _ places: [[Float]], _ table: ICCTable, _ matrix: [Float]) {
    var image = ccodecs_image(shape)
    places[0].withUnsafeBufferPointer { first in
      places[1].withUnsafeBufferPointer { second in
        places[2].withUnsafeBufferPointer { third in
          // Three channels have no fourth place; nobody looks there.
          (places.count > 3 ? places[3] : []).withUnsafeBufferPointer { fourth in
            table.withC { table in
              Self.withC(matrix) {
                var colors = ccodecs_table_colors(
                  place: (first.baseAddress, second.baseAddress, third.baseAddress, fourth.baseAddress),
                  table: table.pointee, srgb: $0)
                ccodecs_color_by_table(row, converted.bytes, &image, isOfInks, &colors)
              }
            }
          }
        }
      }
    }
  }
}
