import CCodecs
import LanesCore

/// What a file holds where its color profile stands.
enum EmbeddedProfile: Equatable {
  case none
  case whole(Bytes)
  /// Something that no reader could use, and why.
  case broken(String)

  /// True also for a broken one.
  var isThere: Bool { self != .none }
  var isBroken: Bool { fault != nil }
  /// A clause such as "a piece of it is missing".
  var fault: String? { if case .broken(let fault) = self { fault } else { nil } }
}

extension EmbeddedProfile {
  /// Puts the pieces of a JPEG's profile together, whatever order they come in.
  ///
  /// Each has its number, from 1, and their count after the name. Source: ICC.1:2022, B.4.
  init(jpeg: JPEGSegments) {
    let word = JPEGIdentifier.profile.bytes.count
    let pieces = jpeg.segments.filter(\.isProfile).map { UnsafeRawBufferPointer(rebasing: $0.bytes.dropFirst(word)) }
    guard let first = pieces.first else {
      self = .none
      return
    }
    guard pieces.allSatisfy({ $0.count >= 2 && $0[1] == first[1] }), first[1] > 0 else {
      self = .broken("its pieces do not fit together")
      return
    }
    let sorted = pieces.sorted { $0[0] < $1[0] }
    let (numbers, wanted) = (sorted.map { $0[0] }, 1...first[1])
    guard numbers.elementsEqual(wanted) else {
      let isIncomplete = Set(numbers).count == numbers.count && numbers.allSatisfy(wanted.contains)
      self = .broken(isIncomplete ? "a piece of it is missing" : "its pieces do not fit together")
      return
    }
    var bytes: Bytes = []
    for piece in sorted { bytes += piece.dropFirst(2) }
    self = ICCProfile.fault(of: bytes).map(Self.broken) ?? .whole(bytes)
  }

  /// What is wrong with a PNG's profile that libpng refused; `.none` when there is none. Source: PNG specification, 11.3.2.3.
  init(refusedIn png: PNGChunks) {
    guard let chunk = png.chunks.first(where: { $0.name == "iCCP" })?.bytes else {
      self = .none
      return
    }
    guard let end = chunk.firstIndex(of: 0), chunk.count > end + 2,
      let bytes = PNGText.inflate(chunk[(end + 2)...])
    else {
      self = .broken("it cannot be decompressed")
      return
    }
    self = .broken(ICCProfile.fault(of: bytes) ?? "it does not suit a PNG of this kind")
  }
}

/// An ICC profile, of which only what tells a broken one is understood.
///
/// Source: ICC.1:2022, 7.2 (header) and 7.3 (tag table). The rules are those that browsers go by: a profile may be followed
/// by padding, but must not be shorter than it says, and no tag may lie outside it.
enum ICCProfile {
  /// The header, and the number of tags after it.
  private static let shortest = 132
  /// Classes of input, display, output and color space profiles, and the spaces that they connect to.
  private static let kinds = ["scnr", "mntr", "prtr", "spac"].map { Bytes($0.utf8) }
  private static let spaces = ["XYZ ", "Lab "].map { Bytes($0.utf8) }

  /// Why `bytes` are no profile that can be used; nil when they are one.
  static func fault(of bytes: Bytes) -> String? {
    guard bytes.count >= shortest else { return "it ends too early" }
    guard bytes[36..<40].elementsEqual("acsp".utf8) else { return "it is no ICC profile" }
    guard kinds.contains(Bytes(bytes[12..<16])), spaces.contains(Bytes(bytes[20..<24])) else {
      return "it is of a kind that describes no image"
    }
    let size = number(bytes, 0)
    guard size <= bytes.count else { return "it ends too early" }
    guard size >= shortest else { return "its size is wrong" }
    let count = number(bytes, 128)
    guard count <= (size - shortest) / 12 else { return "its tags lie outside it" }
    for tag in 0..<count {
      let entry = shortest + 12 * tag
      guard number(bytes, entry + 4) + number(bytes, entry + 8) <= size else { return "its tags lie outside it" }
    }
    return nil
  }

  /// The profile without padding, which libpng does not take.
  static func trimmed(_ profile: Bytes) -> Bytes {
    guard profile.count >= shortest else { return profile }
    return Bytes(profile.prefix(max(number(profile, 0), shortest)))
  }

  private static func number(_ bytes: Bytes, _ offset: Int) -> Int {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
  }
}
