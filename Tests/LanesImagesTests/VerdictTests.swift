import LanesCore
import Testing

@testable import LanesImages

/// JPEGs of every way of coding.
private let kinds = [
  "420.jpg", "420-restarts.jpg", "422.jpg", "440-rows.jpg", "444-optimized.jpg", "411.jpg", "gray.jpg",
  "narrow-gray-restarts.jpg", "coarse-luma.jpg", "coarse-luma-progressive.jpg", "420-progressive.jpg",
  "422-progressive-restarts.jpg", "gray-progressive.jpg", "several-scans.jpg", "deep-scans.jpg", "arithmetic.jpg",
  "cmyk.jpg",
]

/// What is said of `bytes` wanted at `percent` of its size: nil when it is converted, with its damage when it is salvaged.
private func verdict(_ bytes: Bytes, percent: Double, salvage: Bool = false) -> UnitFailure? {
  let asked = options {
    ($0.resize, $0.quality, $0.maxPixels, $0.salvage) = (.percent(percent), 60, 1 << 22, salvage)
  }
  do {
    return try convert(bytes, asked).image.damage.map { UnitFailure(.rejected, $0) }
  } catch {
    return error
  }
}

@Suite struct VerdictTests {
  /// At 100 % libjpeg decodes, below 50 % most files are decoded by the decoder that is quicker.
  @Test(arguments: kinds) func `the verdict on a file does not depend on the size that is asked for`(
    _ name: String
  ) throws {
    let original = try fixture("kinds/\(name)")
    #expect(verdict(original, percent: 100) == nil)
    var accepted = 0
    for seed in 0..<300 {
      let mutant = JPEGMutant(of: original, seed: seed)
      let whole = verdict(mutant.bytes, percent: 100)
      accepted += whole == nil ? 1 : 0
      for percent in [50.0, 40, 12] {
        #expect(verdict(mutant.bytes, percent: percent) == whole, "\(seed): \(mutant.changes), \(percent) %")
      }
      // What is copied is checked as well.
      #expect(failure(of: mutant.bytes, options { $0.maxPixels = 1 << 22 }) == whole, "\(seed): \(mutant.changes)")
    }
    #expect((30..<270).contains(accepted), "the changes are too mild or too strong to tell anything")
  }

  @Test(arguments: kinds) func `what is salvaged is damaged at every size`(_ name: String) throws {
    let original = try fixture("kinds/\(name)")
    for seed in 1000..<1060 {
      let mutant = JPEGMutant(of: original, seed: seed)
      let whole = verdict(mutant.bytes, percent: 100, salvage: true)
      for percent in [50.0, 12] {
        let found = verdict(mutant.bytes, percent: percent, salvage: true)
        #expect(found == whole, "\(seed): \(mutant.changes), \(percent) %")
      }
    }
  }

  private static let oddities: [(name: String, change: @Sendable (Bytes) -> Bytes)] = [
    ("fill bytes before a restart", { inserting([0xFF], into: $0, before: 0xD0...0xD7) }),
    ("00 before a restart", { inserting([0], into: $0, before: 0xD0...0xD7) }),
    ("00 before EOI", { inserting([0], into: $0, before: 0xD9...0xD9) }),
    ("FF00 before EOI", { inserting([0xFF, 0], into: $0, before: 0xD9...0xD9) }),
    ("a restart behind the last MCU", { inserting([0xFF, 0xD3], into: $0, before: 0xD9...0xD9) }),
    ("DNL behind the scan", { inserting([0xFF, 0xDC, 0, 4, 0, 35], into: $0, before: 0xD9...0xD9) }),
    ("DAC behind the scan", { inserting([0xFF, 0xCC, 0, 4, 0, 0x10], into: $0, before: 0xD9...0xD9) }),
    ("TEM behind the scan", { inserting([0xFF, 1], into: $0, before: 0xD9...0xD9) }),
  ]

  private static func inserting(_ new: Bytes, into bytes: Bytes, before markers: ClosedRange<UInt8>) -> Bytes {
    let place = (2..<bytes.count - 1).last { bytes[$0] == 0xFF && markers.contains(bytes[$0 + 1]) }!
    return Bytes(bytes[..<place] + new + bytes[place...])
  }

  /// The first rows were encoded already when most of these are found.
  @Test(arguments: oddities.indices) func `an odd file becomes what libjpeg makes of it`(_ index: Int) throws {
    let bytes = try Self.oddities[index].change(fixture("seeds-restarts.jpg"))
    for change: (inout ConvertOptions) -> Void in [{ _ in }, { $0.format = .png }, { $0.turn = .rotated90 }] {
      let asked = options {
        $0.resize = .percent(40)
        change(&$0)
      }
      let context = CodecContext(deadline: .never, output: OutputBuffer(), usesLibrary: true)
      _ = try bytes.withUnsafeBytes {
        let (format, decoder) = try Codecs.standard.openDecoder($0, options: asked, context: context)
        return try Conversion(of: decoder, format, options: asked, byteCount: $0.count, context: context).run($0)
      }
      let expected = context.output.withBytes { Bytes($0) }
      #expect(try convert(bytes, asked).output == expected, "\(Self.oddities[index].name)")
    }
  }

  @Test func `several sizes of an odd file come from one decoding by libjpeg`() throws {
    for oddity in Self.oddities {
      let odd = try oddity.change(fixture("seeds-restarts.jpg"))
      let asked = options { $0.sizes = [.percent(100), .percent(40), .percent(12)] }
      let output = OutputBuffer()
      let unit = Unit(number: 0, label: "test", task: [0, 1, 2])
      let partial = try ConvertWorkload(asked).perform(unit, input: odd.span.bytes, output: output, deadline: .never)
      let images = try ConvertWorkload.decodePartial(partial)
      #expect(images.map(\.method) == [.copied, .converted, .converted], "\(oddity.name)")
      #expect(output.partEnds.count == 3)
      #expect(output.withBytes { Bytes($0.prefix(output.partEnds[0])) } == odd)
    }
  }
}
