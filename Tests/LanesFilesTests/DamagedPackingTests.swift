import LanesCore
import LanesFiles
import LanesTesting
import SystemPackage
import Testing

/// Compressed files that are damaged, cut off, or made to harm.
@Suite struct DamagedPackingTests {
  private static let text = Bytes((0..<400).map { "line \($0 * 7919 % 1000)\n" }.joined().utf8)

  /// The counts of a file that is one unit, or why there are none.
  private func count(_ packed: Bytes, memory: Int = 64 << 20) throws -> Result<Counts, UnitFailure> {
    let folder = TemporaryFolder()
    let path = try folder.write("packed", packed)
    var settings = FilePlan.Settings()
    settings.unpacking = UnpackingSettings(memory: memory)
    let unpacking = Unpacking(CountWorkload(columns: .all), settings.unpackingLimits!)
    var results: [Result<Counts, UnitFailure>] = []
    PlanRunner.run(
      FilePlan([.path(path)], settings: settings), unpacking,
      UnpackedFold(
        unpacking,
        FileRows<CountPartial> { row in results.append(row.failure.map { .failure($0) } ?? .success(row.partial.counts))
        }))
    return try #require(results.first)
  }

  private func reason(_ packed: Bytes, memory: Int = 64 << 20) throws -> String {
    switch try count(packed, memory: memory) {
    case .success(let counts): "\(counts)"
    case .failure(let failure): failure.reason
    }
  }

  @Test(arguments: PackedFiles.packers.filter { $0.memberBytes == nil && $0.isThere })
  func `a file that is cut off anywhere is told as such, with the place`(_ packer: PackedFiles.Packer) throws {
    let packed = try PackedFiles.pack(Self.text, packer)
    for size in stride(from: 11, to: packed.count, by: max(packed.count / 50, 1)) {
      #expect(try reason(Bytes(packed[..<size])).hasSuffix(" data is cut off at byte \(size)"), "\(size)")
    }
  }

  @Test(arguments: PackedFiles.packers.filter { $0.memberBytes == nil && $0.isThere })
  func `no changed byte behind the header makes another answer`(_ packer: PackedFiles.Packer) throws {
    let packed = try PackedFiles.pack(Self.text, packer)
    let sound = try count(packed)
    let raw = try count(Self.text)
    #expect(try sound.get() == raw.get())
    for at in stride(from: 10, to: packed.count, by: max(packed.count / 150, 1)) {
      var changed = packed
      changed[at] ^= 0x24
      switch try count(changed) {
      case .success(let counts): #expect(try counts == sound.get(), "\(at)")
      case .failure(let failure): #expect(failure.reason.contains("byte"), "\(at): \(failure.reason)")
      }
    }
  }

  @Test func `what follows the compressed data is zeros, or an error with its place`() throws {
    let gzip = try PackedFiles.pack(Self.text, PackedFiles.packers[0])
    let sound = try count(gzip).get()
    #expect(try count(gzip + Bytes(repeating: 0, count: 700)).get() == sound)
    for rest in ["x", "garbage that is long enough", "\u{1F}"] {
      #expect(
        try reason(gzip + Bytes(rest.utf8))
          == "something that is not compressed follows its gzip data at byte \(gzip.count)")
    }
  }

  @Test func `a header of gzip may have all its fields`() throws {
    let gzip = try PackedFiles.pack(Self.text, PackedFiles.packers[0])
    let sound = try count(gzip).get()
    var header = Bytes(gzip[..<10])
    header[3] = 0x1F
    header += [3, 0, 1, 2, 3] + Bytes("a name".utf8) + [0] + Bytes("a comment".utf8) + [0]
    let check = header.reduce(~UInt32(0)) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    let good = UInt16(truncatingIfNeeded: ~check)
    #expect(try count(header + [UInt8(good & 255), UInt8(good >> 8)] + gzip[10...]).get() == sound)
    let isRefused = try reason(header + [UInt8(good & 255) ^ 1, UInt8(good >> 8)] + gzip[10...])
    #expect(isRefused == "its gzip data is damaged near byte \(header.count + 2): header crc mismatch")
  }

  @Test func `formats that are not unpacked are named`() throws {
    let heads: [(Bytes, String)] = [
      ([0x1F, 0x9D, 0x90, 1, 2, 3], "compress (.Z)"), ([0x04, 0x22, 0x4D, 0x18, 1, 2], "LZ4"),
      (Bytes("LZIP".utf8) + [1, 12, 0], "lzip"),
    ]
    for (head, name) in heads {
      #expect(try reason(head) == "it is compressed by \(name), which lanes does not unpack: unpack it first")
    }
  }

  @Test(.enabled(if: PackedFiles.packers[3].isThere && PackedFiles.packers[5].isThere))
  func `a dictionary and a window that is too large are refused in words`() throws {
    // One segment with a dictionary of number 5: a raw block of one byte.
    let dictionary: Bytes = [0x28, 0xB5, 0x2F, 0xFD, 0x21, 5, 1, 0x09, 0, 0, 0x41]
    #expect(try reason(dictionary).contains("needs a dictionary"))
    // A window of 2 GiB.
    let window: Bytes = [0x28, 0xB5, 0x2F, 0xFD, 0, 0xA8, 0x09, 0, 0, 0x41]
    #expect(
      try reason(window)
        == "unpacking its zstd data takes 2.0 GiB of memory, and a quarter of --memory is 64.0 MiB: raise --memory")
    let xz = try PackedFiles.pack(Self.text, PackedFiles.Packer("xz", "xz -6"))
    #expect(try reason(xz, memory: 1 << 20).hasSuffix("a quarter of --memory is 1.0 MiB: raise --memory"))
    #expect(try count(xz).get().bytes == UInt64(Self.text.count))
  }

  @Test func `a part that is damaged fails its file, and the parts ahead of it are not told as whole`() throws {
    let folder = TemporaryFolder()
    let text = PackedFiles.text(200_000)
    for packer in PackedFiles.packers where packer.isThere && ["BGZF", "xz blocks"].contains(packer.testDescription) {
      var packed = try PackedFiles.pack(text, packer)
      packed[packed.count * 2 / 3] ^= 0x11
      var settings = FilePlan.Settings()
      settings.sliceBytes = 16_000
      settings.unpacking = UnpackingSettings(memory: 64 << 20)
      let unpacking = Unpacking(CountWorkload(columns: .all), settings.unpackingLimits!)
      var rows: [FileRow<CountPartial>] = []
      let path = try folder.write("packed", packed)
      let units = PlanRunner.run(
        FilePlan([.path(path)], settings: settings), unpacking, UnpackedFold(unpacking, FileRows { rows.append($0) }))
      #expect(units.count > 5 && rows.count == 1)
      let failure = try #require(rows.first?.failure)
      // The place is that in the file, not in the part.
      let place = try #require(failure.reason.firstMatch(of: /byte ([0-9]+)/)).1
      #expect(abs(Int(place)! - packed.count * 2 / 3) < 12_000, "\(failure.reason)")
    }
  }
}
