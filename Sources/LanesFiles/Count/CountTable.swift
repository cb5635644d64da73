import LanesCore
import LanesOS
import SystemPackage

/// Lays out rows as GNU wc does.
///
/// Numbers are right-aligned in a width found before anything is counted: the digits of the summed sizes of the regular
/// files named, at least 7 when anything else is among them, and 1 when one number of one input is asked for
/// (`compute_number_width` in coreutils 9.1, src/wc.c). A longer number takes the room it needs.
package struct CountTable: Sendable {
  private let columns: CountColumns
  private let width: Int
  private let hasTotal: Bool

  package init(columns: CountColumns, inputs: [FileInput], recursive: Bool = false) {
    self.init(columns: columns, layout: Self.layout(columns, inputs, recursive: recursive))
  }

  /// - Parameter layout: what `layout` gave, here or where the batch was planned.
  package init(columns: CountColumns, layout: Bytes) {
    self.columns = columns
    var reader = WireReader(layout)
    hasTotal = (try? reader.readBool()) ?? true
    width = min(max((try? reader.read()) ?? 1, 1), 64)
  }

  /// Whether there is a total, and the width of numbers. Looks at the inputs' sizes; what cannot be looked at does not count.
  ///
  /// - Parameter recursive: directories are walked, so that there are rows for more than one input.
  package static func layout(_ columns: CountColumns, _ inputs: [FileInput], recursive: Bool) -> Bytes {
    let hasDirectory = inputs.contains { (try? $0.status().kind) == .directory }
    let hasTotal = inputs.count > 1 || recursive && hasDirectory
    var writer = WireWriter()
    writer.write(hasTotal)
    writer.write(inputs.count == 1 && columns.count == 1 && !hasTotal ? 1 : width(of: inputs))
    return writer.bytes
  }

  private static func width(of inputs: [FileInput]) -> Int {
    var sum = 0
    var least = 1
    for input in inputs {
      guard let status = try? input.status() else { continue }
      if status.kind == .regular { sum &+= status.size } else { least = 7 }
    }
    return max(String(sum).utf8.count, least)
  }

  /// The row's line with its newline, or nil when `wc` has none.
  package func line(_ row: FileRow<CountPartial>) -> Bytes? {
    guard row.isShown else { return nil }
    return line(row.partial.counts, name: row.name?.rawBytes)
  }

  /// The last line, or nil when there is none.
  package func totalLine(_ total: Counts) -> Bytes? {
    hasTotal ? line(total, name: Bytes("total".utf8)) : nil
  }

  private func line(_ counts: Counts, name: Bytes?) -> Bytes {
    var numbers: [UInt64] = []
    if columns.contains(.lines) { numbers.append(counts.lines) }
    if columns.contains(.words) { numbers.append(counts.words) }
    if columns.contains(.characters) { numbers.append(counts.characters) }
    if columns.contains(.bytes) { numbers.append(counts.bytes) }
    var line = Bytes(numbers.map(aligned).joined(separator: " ").utf8)
    if let name {
      line.append(UInt8(ascii: " "))
      line += name.contains(UInt8(ascii: "\n")) ? ShellQuote.quoted(name) : name
    }
    line.append(UInt8(ascii: "\n"))
    return line
  }

  private func aligned(_ number: UInt64) -> String {
    let digits = String(number)
    return String(repeating: " ", count: max(width - digits.utf8.count, 0)) + digits
  }
}

/// Writes a name that holds a newline so that a shell reads it back, as GNU tools do in the C locale.
enum ShellQuote {
  private static let escapes: [UInt8: String] = [7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r"]

  static func quoted(_ name: Bytes) -> Bytes {
    var text = Bytes("'".utf8)
    var isEscaped = false
    for byte in name {
      let isPlain = (0x20...0x7E).contains(byte)
      if !isPlain && !isEscaped { text += Bytes("'$'".utf8) }
      if isPlain && isEscaped { text += Bytes("''".utf8) }
      isEscaped = !isPlain
      text += isPlain ? plain(byte) : escape(byte)
    }
    return text + Bytes("'".utf8)
  }

  private static func plain(_ byte: UInt8) -> Bytes { byte == UInt8(ascii: "'") ? Bytes("'\\''".utf8) : [byte] }

  private static func escape(_ byte: UInt8) -> Bytes {
    if let letter = escapes[byte] { return Bytes("\\\(letter)".utf8) }
    let octal = String(byte, radix: 8)
    return Bytes("\\\(String(repeating: "0", count: 3 - octal.utf8.count))\(octal)".utf8)
  }
}
