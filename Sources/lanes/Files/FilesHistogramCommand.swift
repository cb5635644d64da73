import ArgumentParser
import LanesCore
import LanesFiles
import LanesReport

/// `lanes files histogram`: how often each byte occurs.
struct FilesHistogramCommand: FilesOperation, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "histogram",
    abstract: "Print how often each byte occurs, and the entropy in bits per byte.",
    usage: "lanes files histogram [OPTION]... [FILE]...",
    discussion: """
      Counts all files together. Bytes that do not occur have no line. The entropy is Shannon's, of single bytes: 8 for \
      bytes that all occur equally often, as in encrypted or compressed data, and about 4.5 for English text.

      EXAMPLES
        lanes files histogram disk.img
      """)

  static let statuses = ExitStatus.page(
    "Every file was read.", "Some files could not be read; the others were counted.")

  @OptionGroup(title: "Input options")
  var operands: FileOperands

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  func run() throws {
    // Where lines end does not matter to single bytes: slices are cut anywhere.
    var total = HistogramPartial()
    try operands.makeOneResult(HistogramWorkload(), operands.settings(cut: .anywhere, engine), engine) {
      total.merge($0)
    } show: {
      print(total, $0)
    }
  }

  /// Prints a line for each byte that occurs and the entropy; in JSON all 256 counts, by the byte's value.
  private func print(_ total: HistogramPartial, _ printer: ResultPrinter) {
    if engine.json {
      var json = JSONWriter()
      json.object {
        $0.member("type", "histogram")
        $0.member("bytes", total.total)
        $0.member("entropy", total.entropy)
        $0.key("counts")
        $0.array { array in for count in total.counts { array.value(count) } }
      }
      printer.line(json.text)
      return
    }
    // As wide as the heading, or as the largest count.
    let width = max(5, String(total.counts.max() ?? 0).utf8.count)
    printer.line("byte char \("count".leftPadded(to: width))   share")
    for (byte, count) in total.counts.enumerated() where count > 0 {
      // `where count > 0`: the total is not 0 either.
      let share = Double(count) / Double(total.total) * 100
      printer.line(
        "  \(hexadecimal(byte)) \(character(byte)) \(String(count).leftPadded(to: width)) "
          + "\(twoPlaces(share).leftPadded(to: 6)) %")
    }
    printer.line("\(total.total) bytes, entropy \(fourPlaces(total.entropy)) bits per byte")
  }

  private func hexadecimal(_ byte: Int) -> String { String(byte, radix: 16).leftPadded(to: 2, with: "0") }

  /// The character, or its name where it has no shape; nothing above ASCII.
  private func character(_ byte: Int) -> String {
    let names = [0: "NUL", 9: "TAB", 10: "LF", 13: "CR", 27: "ESC", 32: "SP", 127: "DEL"]
    // In UTF-8 a byte above 0x7F is no character by itself.
    let isGraphic = (0x21...0x7E).contains(byte)
    let name = names[byte] ?? (isGraphic ? String(Character(Unicode.Scalar(UInt8(byte)))) : "")
    return name.rightPadded(to: 4)
  }

  private func twoPlaces(_ value: Double) -> String { fixed(value, places: 2) }
  private func fourPlaces(_ value: Double) -> String { fixed(value, places: 4) }

  /// `value` with two or four places, by whole numbers, since Foundation's formats are not used.
  ///
  /// Values are neither negative nor large: percentages, and entropies of up to 8 bits.
  private func fixed(_ value: Double, places: Int) -> String {
    let unit = places == 2 ? 100 : 10_000
    let whole = Int((value * Double(unit)).rounded())
    return "\(whole / unit).\(String(whole % unit).leftPadded(to: places, with: "0"))"
  }
}
