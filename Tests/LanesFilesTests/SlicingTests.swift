import LanesCore
import LanesFiles
import SystemPackage
import Testing

/// Answers do not depend on how files are cut nor on how many lanes work on them.
@Suite struct SlicingTests {
  /// Small fixtures, and slice sizes from their longest line to a little more.
  private func settings(_ path: String, _ cut: FileCut) throws -> [FilePlan.Settings] {
    let bytes = try #require(contents(of: path))
    let longest = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(\.count).max() ?? 0
    return (longest...longest + 5).flatMap { size in
      [true, false].map { isMapped in
        var settings = FilePlan.Settings(cut: cut, isMapped: isMapped)
        settings.sliceBytes = max(1, size)
        settings.wholeBytes = 0
        return settings
      }
    }
  }

  @Test(arguments: Fixture.names) func `counts`(name: String) throws {
    let path = "\(Fixture.folder)/\(name)"
    let columns: CountColumns = [.lines, .words, .characters, .bytes]
    let expected = CountRunner([path], columns: columns).rows.map(\.partial.counts)
    for settings in try settings(path, .anywhere) {
      for lanes in 1...8 {
        var counts: [Counts] = []
        try Lanes.run(
          CountWorkload(columns: columns), FilePlan([.path(FilePath(path))], settings: settings),
          FileRows<CountPartial> { counts.append($0.partial.counts) }, lanes: lanes)
        #expect(counts == expected)
      }
    }
  }

  @Test(arguments: Fixture.names) func `searches`(name: String) throws {
    let path = "\(Fixture.folder)/\(name)"
    var numbered = SearchOptions([Bytes("e".utf8)])
    numbered.numbersLines = true
    var inverted = SearchOptions([Bytes("[^a-f]$".utf8)])
    inverted.isInverted = true
    inverted.limit = 3
    var counting = SearchOptions([Bytes("\\s|^$".utf8)])
    counting.report = .counts
    for (options, flags) in [(numbered, "-nP e"), (inverted, "-vm3 -P '[^a-f]$'"), (counting, "-cP '\\s|^$'")] {
      let expected = RealWc.output(of: "grep \(flags) \(path) 2>/dev/null")
      for settings in try settings(path, .lines(.newlineOrZero)) {
        for lanes in [1, 2, 3, 8] {
          let run = try SearchRunner(path, options, settings: settings, lanes: lanes)
          #expect(run.text == expected, "\(flags) in slices of \(settings.sliceBytes)")
        }
      }
    }
  }

  @Test(arguments: Fixture.names) func `hashes`(name: String) throws {
    let path = "\(Fixture.folder)/\(name)"
    let sum = String(decoding: RealWc.output(of: "sha256sum < \(path)"), as: UTF8.self).prefix(64)
    let bytes = try #require(contents(of: path))
    for settings in try settings(path, .anywhere) {
      for lanes in 1...8 {
        #expect(try hash(path, .sha256, settings, lanes) == String(sum))
        #expect(try hash(path, .crc32, settings, lanes) == String(hexadecimal: crc32(bytes)))
        #expect(try hash(path, .xxh3, settings, lanes) == hash(path, .xxh3, FilePlan.Settings(), 1))
      }
    }
  }

  private func hash(_ path: String, _ algorithm: HashAlgorithm, _ settings: FilePlan.Settings, _ lanes: Int) throws
    -> String?
  {
    var files: [HashedFile] = []
    let inputs: [FileInput] = [.path(FilePath(path))]
    if algorithm.isCombinable {
      let rows = FileRows<CRCPartial> { files.append(HashedFile(name: nil, digest: $0.partial.digest)) }
      try Lanes.run(HashWorkload(algorithm), FilePlan(inputs, settings: settings), rows, lanes: lanes)
    } else {
      let plan = try ChainPlan(inputs, settings: settings)
      let rows = ChainRows(plan: { plan }, onFile: { files.append($0) })
      try Lanes.run(HashWorkload(algorithm), plan, rows, lanes: lanes)
    }
    return files.count == 1 ? files[0].hexadecimal : nil
  }

  /// A plain statement of CRC-32, bit by bit.
  private func crc32(_ bytes: Bytes) -> UInt32 {
    ~bytes.reduce(~0 as UInt32) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
  }
}

extension String {
  fileprivate init(hexadecimal number: UInt32) {
    let digits = String(number, radix: 16)
    self = String(repeating: "0", count: 8 - digits.count) + digits
  }
}
