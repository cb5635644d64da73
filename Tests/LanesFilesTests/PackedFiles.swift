import LanesCore
import LanesFiles
import LanesTesting
import SystemPackage
import Testing

/// Compresses texts by the usual programs, and by hand where these cannot.
struct PackedFiles {
  /// A way of compressing: a command between standard input and output, on all of a text or on pieces of it.
  struct Packer: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let command: String
    /// Bytes of the text that become a member each; nil for one member.
    var memberBytes: Int?

    init(_ name: String, _ command: String, memberBytes: Int? = nil) {
      testDescription = name
      self.command = command
      self.memberBytes = memberBytes
    }

    /// False where the program is not there, or the library that unpacks what it makes was not when this was built.
    var isThere: Bool {
      let format = PackedFormat.allCases.first { command.hasPrefix($0.name) }
      return format?.isSupported == true
        && (try? Program.shell("command -v \(command.split(separator: " ")[0])"))?.exit == .status(0)
    }
  }

  static let packers = [
    Packer("gzip", "gzip -n"), Packer("gzip members", "gzip -n", memberBytes: 9001),
    Packer("BGZF", "gzip -n bgzf", memberBytes: 9001), Packer("zstd", "zstd -q"),
    Packer("zstd frames", "zstd -q --no-check", memberBytes: 9001), Packer("xz", "xz -0"),
    Packer("xz blocks", "xz -0 --check=sha256 --block-size=9000"), Packer("xz streams", "xz -0", memberBytes: 9001),
    Packer("bzip2", "bzip2 -1"), Packer("bzip2 members", "bzip2 -1", memberBytes: 90001),
  ]

  /// What `packer` makes of `text`.
  static func pack(_ text: Bytes, _ packer: Packer) throws -> Bytes {
    let folder = TemporaryFolder()
    let path = try folder.write("text", text)
    let isBGZF = packer.command.hasSuffix(" bgzf")
    let command = isBGZF ? String(packer.command.dropLast(5)) : packer.command
    guard let size = packer.memberBytes else {
      _ = try Program.shell("\(command) -c < \"$1\" > \"$1.out\"", [path.string])
      return try readFile(folder.file("text.out"))
    }
    _ = try Program.shell(
      "cd \"$1\" && split -a 4 -b \(size) text part. && for part in part.*; do \(command) -c < $part > $part.out; done",
      [folder.path.string])
    var packed = Bytes()
    for (name, member) in try folder.contents().sorted(by: { $0.key < $1.key }) where name.hasSuffix(".out") {
      packed += isBGZF ? block(of: member) : member
    }
    // BGZF ends with an empty block.
    return isBGZF ? packed + emptyBlock : packed
  }

  /// A member of gzip without a name as a block of BGZF, which says its size.
  static func block(of member: Bytes) -> Bytes {
    let size = member.count + 8 - 1
    return member[..<3] + [4] + member[4..<10] + [6, 0, 0x42, 0x43, 2, 0, UInt8(size & 255), UInt8(size >> 8)]
      + member[10...]
  }

  /// The block that ends a BGZF file (SAM specification, 4.1.2).
  static let emptyBlock: Bytes = [
    0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0, 0x1B, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  ]

  /// Lines of words, some of them empty, one longer than a part, the last without an end; `2;17` and the like among them.
  static func text(_ size: Int, seed: UInt64 = 3) -> Bytes {
    var dice = seed
    func next(_ bound: UInt64) -> UInt64 {
      dice = dice &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (dice >> 33) % bound
    }
    var text = Bytes()
    while text.count < size {
      text += Bytes("\(next(7));\(next(2000)) ".utf8)
      for _ in 0..<next(12) { text += Bytes("w\(next(500)) ".utf8) }
      text.append(0x0A)
      if next(9) == 0 { text += Bytes("3;1\n3;2\n".utf8) }
      if text.count / 40_000 != (text.count - 30) / 40_000 {
        text += Bytes("5;7 ".utf8) + Bytes(repeating: UInt8(ascii: "x"), count: 25_000) + [0x0A]
      }
    }
    return text + Bytes("1;9 the last line".utf8)
  }
}
