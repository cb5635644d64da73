import LanesCore

/// An XMP packet, of which only the orientation is understood.
enum XMP {
  /// What an APP1 segment has room for beside its name. Source: XMP Specification Part 3 (2020), 1.1.3.
  static let mostInJPEG = 65_502

  /// The packet with every `tiff:Orientation` set to 1, whether it is written as an attribute or as an element; its length
  /// stays, as packets that are edited in place need it. Source: XMP Specification Part 2 (2022), 3.2 (TIFF namespace).
  static func upright(_ packet: Bytes) -> Bytes {
    var result = packet
    let name = Bytes("tiff:Orientation".utf8)
    var from = 0
    while let start = find(name, in: packet, from: from) {
      from = start + name.count
      var at = from
      while at < packet.count, isGap(packet[at]) { at += 1 }
      guard at < packet.count, at > from, (UInt8(ascii: "2")...UInt8(ascii: "8")).contains(packet[at]) else { continue }
      let isWhole =
        at + 1 < packet.count && [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<")].contains(packet[at + 1])
      if isWhole { result[at] = UInt8(ascii: "1") }
    }
    return result
  }

  /// True when the packet says that the pixels have to be turned.
  static func saysTurned(_ packet: Bytes) -> Bool { upright(packet) != packet }

  /// What stands between the name and the value: white space, and one of `="`, `='` and `>`.
  private static func isGap(_ byte: UInt8) -> Bool { Bytes(" \t\r\n=\"'>".utf8).contains(byte) }

  private static func find(_ word: Bytes, in text: Bytes, from: Int) -> Int? {
    var at = from
    while at + word.count <= text.count {
      guard let start = text[at...].firstIndex(of: word[0]), start + word.count <= text.count else { return nil }
      if text[start..<start + word.count].elementsEqual(word) { return start }
      at = start + 1
    }
    return nil
  }
}
