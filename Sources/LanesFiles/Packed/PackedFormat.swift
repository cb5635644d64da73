import CPacked
import LanesCore

/// A format of compressed files, as far as it is known by a file's first bytes.
package enum PackedFormat: UInt8, Sendable, CaseIterable {
  case gzip = 1
  case zstd, xz, bzip2
  // Known by name alone, so that nobody takes what is in such a file for text.
  case compress, lz4, lzip

  /// Bytes of a file by which its format is known.
  static let headBytes = cpacked_head

  /// The format of a file that begins with `head`; nil for any other file.
  init?(head: Bytes) { self.init(rawValue: UInt8(cpacked_detect(head, head.count).rawValue)) }

  init?(_ format: cpacked_format) { self.init(rawValue: UInt8(format.rawValue)) }

  private var code: cpacked_format { cpacked_format(rawValue: UInt32(rawValue)) }

  /// True where the program can unpack it.
  package var isSupported: Bool { cpacked_has(code) }

  /// The version of its library; nil without one.
  package var version: String? {
    let version = String(cString: cpacked_version(code))
    // "1.0.8, 13-Jul-2019" without its day.
    return version.isEmpty ? nil : String(version.prefix { $0 != "," })
  }

  /// What messages call it.
  package var name: String {
    switch self {
    case .gzip: "gzip"
    case .zstd: "zstd"
    case .xz: "xz"
    case .bzip2: "bzip2"
    case .compress: "compress (.Z)"
    case .lz4: "LZ4"
    case .lzip: "lzip"
    }
  }

  /// What its library is called.
  var library: String {
    switch self {
    case .gzip: "zlib"
    case .zstd: "libzstd"
    case .xz: "liblzma"
    case .bzip2: "libbzip2"
    case .compress, .lz4, .lzip: ""
    }
  }

  /// Why a file of this format is not unpacked.
  var refusal: UnitFailure {
    switch self {
    case .compress, .lz4, .lzip:
      UnitFailure(.rejected, "it is compressed by \(name), which lanes does not unpack: unpack it first")
    case .gzip, .zstd, .xz, .bzip2:
      UnitFailure(
        .rejected, "it is compressed by \(name), and this lanes was built without \(library): unpack it first")
    }
  }
}

/// How the source of a unit is compressed, and which part of its file it is.
package struct Packing: Sendable, Equatable {
  /// Where the source begins in its file, which is where a member begins: places in messages count from the file's start.
  var offset: Int
  /// The check of the xz blocks that the source is made of; nil for whole members of whichever format.
  var xzCheck: Int32?
  /// True for one of several units of the file, whose first and last lines may go on in others.
  var isPart = false
  /// Where in the file a part ends that only seems to be one (`MemberChain`); nil for those that are known.
  var guessedEnd: Int?
}

extension WireWriter {
  mutating func write(_ packing: Packing?) {
    write(packing != nil)
    guard let packing else { return }
    write(packing.offset)
    write(packing.xzCheck ?? -1)
    // What it is: all of the file, a part, a part as it seems.
    write(packing.guessedEnd != nil ? 2 : packing.isPart ? 1 : UInt8(0))
    if let end = packing.guessedEnd { write(end) }
  }
}

extension WireReader {
  mutating func readPacking() throws(WireError) -> Packing? {
    guard try readBool() else { return nil }
    let offset: Int = try read()
    let check: Int32 = try read()
    // Checks are numbered from 0 to 15 (the .xz file format, 2.1.1.2).
    guard offset >= 0, check < 16 else { throw WireError("an impossible place in a compressed file") }
    let kind: UInt8 = try read()
    guard kind < 3 else { throw WireError("an unknown part of a compressed file") }
    return Packing(
      offset: offset, xzCheck: check < 0 ? nil : check, isPart: kind > 0, guessedEnd: kind == 2 ? try read() : nil)
  }
}
