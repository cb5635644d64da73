import CSIMD
import LanesCore
import Testing

@testable import LanesImages

/// What decoding `bytes` comes to, row by row as conversions do it; `stored` samples as those that move no pixels do.
func decodedPNG(
  _ bytes: Bytes, byLibrary: Bool, stored: Bool = false
) -> (result: Result<Samples, UnitFailure>, isUndecided: Bool) {
  let context = CodecContext(deadline: .never, output: OutputBuffer(), usesLibrary: byLibrary)
  let asked = options { $0.maxPixels = 1 << 20 }
  do throws(UnitFailure) {
    let samples = try bytes.span.bytes.withUnsafeBytes { (raw) throws(UnitFailure) in
      let decoder: any ImageDecoder =
        stored
        ? try PNGDecoder(raw, options: asked, context: context, stored: true)
        : try Codecs.standard.openDecoder(raw, options: asked, context: context).1
      var scale = DecodeScale.full
      let rows = Collector(try decoder.start(at: &scale))
      try decodeRows(of: decoder, as: rows.shape, into: rows)
      return rows.samples
    }
    return (.success(samples), false)
  } catch {
    return (.failure(error), context.isUndecided)
  }
}

/// A PNG of random rows under random filters, compressed by nothing: `filters` are taken in turn.
///
/// - Parameters:
///   - colors: of the palette, where indices are; nil for as many as samples have bits for.
///   - key: of tRNS, if there is to be one.
private func png(
  _ width: Int, _ height: Int, kind: Int, depth: Int, filters: [UInt8], seed: Int, colors: Int? = nil, key: Bytes? = nil
) -> Bytes {
  var dice = Dice(seed: seed)
  let bytes = (width * [1, 0, 3, 1, 2, 0, 4][kind] * depth + 7) / 8
  var rows: Bytes = []
  for row in 0..<height {
    rows.append(filters[row % filters.count])
    for _ in 0..<bytes { rows.append(dice.roll(3) == 0 ? UInt8(dice.roll(3)) &- 1 : dice.byte()) }
  }
  var before = kind == 3 ? chunk("PLTE", (0..<3 * (colors ?? 1 << depth)).map { _ in dice.byte() }) : []
  if let key { before += chunk("tRNS", key) }
  return png(width, height, kind: kind, depth: depth, data: zlib(rows), before: before)
}

private func png(_ width: Int, _ height: Int, kind: Int, depth: Int, data: Bytes, before: Bytes = []) -> Bytes {
  let header = bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [UInt8(depth), UInt8(kind), 0, 0, 0]
  return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + before
    + chunk("IDAT", data) + chunk("IEND", [])
}

/// Bytes of a PNG whose chunks of pixels are replaced by `pieces`.
private func withData(_ pieces: [Bytes], in png: Bytes) -> Bytes {
  let data = chunks("IDAT", of: png)
  let start = png.indices.first { png[$0...].starts(with: Bytes("IDAT".utf8)) }! - 4
  let end = start + data.map { $0.count + 12 }.reduce(0, +)
  return Bytes(png[..<start]) + pieces.flatMap { chunk("IDAT", $0) } + png[end...]
}

/// Most PNGs are decoded without libpng, which must not be seen.
@Suite struct PNGVerdictTests {
  /// Every color type and depth, some of them with tRNS: an alpha for some colors, keys that occur, and keys with more bits than
  /// samples have, of which libpng takes the lower ones.
  private static let kinds: [(kind: Int, depth: Int, key: Bytes?)] = [
    (0, 1, nil), (0, 1, [0, 1]), (0, 2, nil), (0, 2, [9, 7]), (0, 4, nil), (0, 4, [0, 15]), (0, 8, nil),
    (0, 8, [3, 255]),
    (0, 16, nil), (0, 16, [0, 255]), (2, 8, nil), (2, 8, [7, 255, 0, 255, 1, 255]), (2, 16, nil),
    (2, 16, [255, 0, 255, 0, 1, 1]), (3, 1, nil), (3, 1, [5]), (3, 2, nil), (3, 2, [0, 9]), (3, 4, nil),
    (3, 4, [1, 2, 3]),
    (3, 8, nil), (3, 8, Bytes((0..<200).map { UInt8($0) })), (4, 8, nil), (4, 16, nil), (6, 8, nil), (6, 16, nil),
  ]

  @Test(arguments: kinds.indices) func `rows under any filters are what libpng makes of them, on every processor`(
    _ index: Int
  ) throws {
    defer { csimd_limit(csimd_best()) }
    let (kind, depth, key) = Self.kinds[index]
    var dice = Dice(seed: kind + depth)
    for (index, filters): (Int, [UInt8]) in [
      [0], [1], [2], [3], [4], [4, 4, 4, 3], [0, 1, 2, 3, 4], [4, 1, 4, 2, 3, 3, 4], [3, 3, 3, 3, 4, 4, 4, 4, 1, 1, 2],
    ].enumerated() {
      for width in [1, 2, 3, 4, 5, 8, 15, 16, 33, 70] {
        let height = 1 + dice.roll(40)
        let bytes = png(width, height, kind: kind, depth: depth, filters: filters, seed: width * 100 + index, key: key)
        for stored in [false, true] {
          let expected = try decodedPNG(bytes, byLibrary: true, stored: stored).result.get()
          for level in csimd_portable.rawValue...csimd_best().rawValue {
            csimd_limit(csimd_level(rawValue: level))
            let found = try decodedPNG(bytes, byLibrary: false, stored: stored).result.get()
            #expect(found == expected, "\(filters), \(width) × \(height), level \(level)")
          }
        }
      }
    }
  }

  @Test(arguments: [1, 2, 4, 8]) func `an index beyond the palette is left to libpng`(_ depth: Int) throws {
    for colors in [1, 1 << depth - 1] where colors < 1 << depth {
      let bytes = png(40, 30, kind: 3, depth: depth, filters: [0], seed: depth, colors: colors)
      for stored in [false, true] {
        #expect(decodedPNG(bytes, byLibrary: false, stored: stored).isUndecided)
        #expect(throws: Never.self) { try decodedPNG(bytes, byLibrary: true, stored: stored).result.get() }
      }
      for change: (inout ConvertOptions) -> Void in [{ $0.format = .jpeg }, { $0.resize = ResizeSpec("9x9") }] {
        #expect(convertedByLibrary(bytes, options(change)) == convertedAsUsual(bytes, options(change)))
      }
    }
  }

  @Test(arguments: PNGKind.all.filter { !$0.isInterlaced }) func `a changed file of any kind is read as by libpng`(
    _ kind: PNGKind
  ) {
    var sound = 0
    for seed in 0..<150 {
      let mutant = PNGMutant(of: kind.file, seed: seed)
      for stored in [false, true] {
        let expected = decodedPNG(mutant.bytes, byLibrary: true, stored: stored).result
        let found = decodedPNG(mutant.bytes, byLibrary: false, stored: stored)
        if case .success = expected { sound += 1 }
        if !found.isUndecided { #expect(found.result == expected, "\(seed): \(mutant.changes)") }
      }
    }
    #expect((30..<270).contains(sound), "the changes are too mild or too strong to tell anything")
  }

  @Test(arguments: [
    "nuthatch-rgb.png", "nuthatch-gray.png", "nuthatch-gray-alpha.png", "seeds-rgba.png", "ridge-rgb16.png",
    "nuthatch-palette.png", "nuthatch-turned.png",
  ]) func `a changed file gets libpng's verdict and pixels`(_ name: String) throws {
    let original = try fixture(name)
    #expect(!decodedPNG(original, byLibrary: false).isUndecided)
    var sound = 0
    for seed in 0..<250 {
      let mutant = PNGMutant(of: original, seed: seed)
      let bytes = mutant.bytes
      let expected = decodedPNG(bytes, byLibrary: true).result
      let found = decodedPNG(bytes, byLibrary: false)
      if case .success = expected { sound += 1 }
      if !found.isUndecided { #expect(found.result == expected, "\(seed): \(mutant.changes)") }
      // What is copied is checked as well.
      let said = failure(of: bytes, options { $0.maxPixels = 1 << 20 })
      if case .failure(let failure) = expected { #expect(said == failure, "\(seed): \(mutant.changes)") }
      if case .success = expected { #expect(said == nil, "\(seed): \(mutant.changes)") }
    }
    #expect((25..<225).contains(sound), "the changes are too mild or too strong to tell anything")
  }

  @Test func `pieces of any size are one stream`() throws {
    for name in ["nuthatch-rgb.png", "seeds-rgba.png", "nuthatch-gray-alpha.png"] {
      let original = try fixture(name)
      let data = chunks("IDAT", of: original).flatMap { $0 }
      let expected = try decodedPNG(original, byLibrary: true).result.get()
      for size in [1, 7, 511, 100_000] {
        var pieces = stride(from: 0, to: data.count, by: size).map { Bytes(data[$0..<min($0 + size, data.count)]) }
        for place in [pieces.count, pieces.count / 2, 0] { pieces.insert([], at: place) }
        #expect(try decodedPNG(withData(pieces, in: original), byLibrary: false).result.get() == expected)
      }
    }
  }

  /// What zlib or libpng might object to is left to them.
  private static let oddities: [(name: String, bytes: @Sendable () -> Bytes)] = {
    let rows = Bytes((0..<9).flatMap { row in [UInt8(row % 5)] + (0..<21).map { UInt8($0 * row) } })
    let sound = zlib(rows)
    return [
      (
        "more than the image needs",
        { png(7, 9, kind: 2, depth: 8, data: zlib(rows + Bytes(repeating: 0, count: 60_000))) }
      ),
      ("a row too few", { png(7, 9, kind: 2, depth: 8, data: zlib(Bytes(rows.dropLast(22)))) }),
      ("a byte too few", { png(7, 9, kind: 2, depth: 8, data: zlib(Bytes(rows.dropLast()))) }),
      ("a wrong sum", { png(7, 9, kind: 2, depth: 8, data: sound.dropLast() + [sound.last! ^ 1]) }),
      ("no sum", { png(7, 9, kind: 2, depth: 8, data: sound.dropLast(4)) }),
      ("bytes behind the sum", { png(7, 9, kind: 2, depth: 8, data: sound + [1, 2, 3]) }),
      ("an unknown filter", { png(7, 9, kind: 2, depth: 8, data: zlib([5] + rows.dropFirst())) }),
      (
        "an unknown filter at last",
        { png(7, 9, kind: 2, depth: 8, data: zlib(rows.dropLast(22) + [9] + rows.suffix(21))) }
      ),
      ("no pixels", { png(7, 9, kind: 2, depth: 8, data: []) }),
      ("half of zlib's header", { png(7, 9, kind: 2, depth: 8, data: [0x78]) }),
      ("a dictionary", { png(7, 9, kind: 2, depth: 8, data: [0x78, 0x20] + sound.dropFirst(2)) }),
      (
        "a small window",
        { png(7, 99, kind: 2, depth: 8, data: [0x08, 0x1D] + zlib(Bytes(repeating: 0, count: 99 * 22)).dropFirst(2)) }
      ),
    ]
  }()

  @Test(arguments: oddities.indices) func `an odd file is left to libpng`(_ index: Int) throws {
    let (name, make) = Self.oddities[index]
    #expect(decodedPNG(make(), byLibrary: false).isUndecided, "\(name)")
    for change: (inout ConvertOptions) -> Void in [
      { _ in }, { $0.format = .jpeg }, { $0.turn = .rotated90 }, { $0.resize = ResizeSpec("3x3") },
    ] {
      let asked = options(change)
      #expect(convertedByLibrary(make(), asked) == convertedAsUsual(make(), asked), "\(name)")
    }
  }
}

private func convertedAsUsual(_ bytes: Bytes, _ asked: ConvertOptions) -> Result<Bytes, UnitFailure> {
  do throws(UnitFailure) {
    return .success(try convert(bytes, asked).output)
  } catch {
    return .failure(error)
  }
}

private func convertedByLibrary(_ bytes: Bytes, _ asked: ConvertOptions) -> Result<Bytes, UnitFailure> {
  let context = CodecContext(deadline: .never, output: OutputBuffer(), usesLibrary: true)
  do throws(UnitFailure) {
    try bytes.span.bytes.withUnsafeBytes { (raw) throws(UnitFailure) in
      let (format, decoder) = try Codecs.standard.openDecoder(raw, options: asked, context: context)
      _ = try Conversion(of: decoder, format, options: asked, byteCount: raw.count, context: context).run(raw)
    }
    return .success(context.output.withBytes { Bytes($0) })
  } catch {
    return .failure(error)
  }
}
