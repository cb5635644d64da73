import SystemPackage

extension FilePath {
  /// The path's bytes as the file system knows them, which need not be UTF-8.
  package var rawBytes: Bytes {
    withPlatformString { Bytes(UnsafeRawBufferPointer(start: $0, count: length)) }
  }

  /// The path made of `bytes`, up to the first NUL.
  package init(rawBytes bytes: some Sequence<UInt8>) {
    var terminated = Bytes(bytes)
    terminated.append(0)
    self = terminated.withUnsafeBytes {
      FilePath(platformString: $0.baseAddress!.assumingMemoryBound(to: CChar.self))
    }
  }

  /// The path for a person: valid UTF-8, control characters escaped, so that a name cannot forge a line of output.
  package var forDisplay: String {
    let bytes = rawBytes
    if bytes.allSatisfy({ (0x20..<0x7F).contains($0) }) { return String(decoding: bytes, as: UTF8.self) }
    var text = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      switch scalar.value {
      case 0x0A: text += "\\n"
      case 0x09: text += "\\t"
      case 0x0D: text += "\\r"
      case 0..<0x20, 0x7F..<0xA0: text += "\\x" + String(scalar.value, radix: 16)
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

extension WireWriter {
  package mutating func write(_ path: FilePath) {
    path.withPlatformString { write(UnsafeRawBufferPointer(start: $0, count: path.length)) }
  }
}

extension WireReader {
  package mutating func readPath() throws(WireError) -> FilePath { FilePath(rawBytes: try readBytes()) }
}
