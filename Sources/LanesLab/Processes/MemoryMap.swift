import CLab
import LanesCore
import LanesReport

/// A process's memory as /proc/PID/maps tells it (proc_pid_maps(5)).
struct MemoryMap {
  struct Region: Equatable {
    let range: Range<UInt64>
    /// Such as `r-xp`.
    let access: String
    /// The file, or a name such as `[heap]`; empty for memory without either.
    let name: String
  }

  /// What a course calls a part, and the region that an address of it lies in.
  struct Part {
    let title: String
    let what: String
    let address: UInt64
    let region: Region?
    /// True when the region is what a course says it is.
    let isAsTold: Bool
  }

  let regions: [Region]

  init(_ text: String) { self.init(lines: text.split(separator: "\n").map(String.init)[...]) }

  /// Lines that are no regions are left out.
  init(lines: ArraySlice<String>) {
    regions = lines.compactMap { line in
      let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
      let ends = fields.first?.split(separator: "-").compactMap { UInt64($0, radix: 16) } ?? []
      guard fields.count >= 5, ends.count == 2, ends[0] < ends[1] else { return nil }
      let name = fields.count > 5 ? fields[5].drop { $0 == " " } : ""
      return Region(range: ends[0]..<ends[1], access: String(fields[1]), name: String(name))
    }
  }

  func region(of address: UInt64) -> Region? { regions.first { $0.range.contains(address) } }

  /// How many regions are of a file.
  func count(of file: String) -> Int { regions.count { $0.name == file } }

  /// The program's own file: that of the lowest region that has one; empty for none.
  var program: String { regions.first { $0.name.hasPrefix("/") }?.name ?? "" }

  /// The parts that courses draw, from the lowest to the highest.
  func parts(of places: clab_layout) -> [Part] {
    func part(_ title: String, _ what: String, _ address: UInt64, _ isTold: (Region) -> Bool) -> Part {
      let region = region(of: address)
      return Part(title: title, what: what, address: address, region: region, isAsTold: region.map(isTold) ?? false)
    }
    let program = program
    return [
      part("text", "a function", places.function) { $0.access.hasPrefix("r-x") && $0.name == program },
      part("data", "a global", places.global) { $0.access.hasPrefix("rw-") && $0.name == program },
      part("heap", "malloc", places.heap) { $0.access.hasPrefix("rw-") && $0.name == "[heap]" },
      part("mapped", "mmap", places.mapped) { $0.access.hasPrefix("rw-") && $0.name.isEmpty },
      part("stack", "a local", places.local) { $0.access.hasPrefix("rw-") && $0.name == "[stack]" },
    ]
  }

  /// Parts from the highest address to the lowest, a line each, with the number of regions between them: for `column`.
  func rows(_ parts: [Part]) -> String {
    let known = parts.compactMap { part in part.region.map { (part, $0) } }
      .sorted { $0.1.range.lowerBound > $1.1.range.lowerBound }
    var rows: [String] = []
    for (index, (part, region)) in known.enumerated() {
      if index > 0 {
        let between = regions.count {
          $0.range.lowerBound > region.range.lowerBound
            && $0.range.lowerBound < known[index - 1].1.range.lowerBound
        }
        if between > 0 { rows.append("\(between)") }
      }
      let size = Readable.bytes(Int(region.range.upperBound - region.range.lowerBound))
      rows.append([part.title, region.access, size, part.what, Self.hex(part.address)].joined(separator: "|"))
    }
    return rows.joined(separator: "\n")
  }

  static func hex(_ address: UInt64) -> String { "0x" + String(address, radix: 16) }

  /// `rows` as a column of boxes, 58 columns wide.
  static func column(_ rows: String) -> [String] {
    let isUnicode = Glyphs.current == .unicode
    let (side, line, dots) = isUnicode ? ("│", "─", "┆") : ("|", "-", ":")
    let room = 29
    func edge(_ left: String, _ right: String) -> String { "  " + left + String(repeating: line, count: room) + right }
    let lines = rows.split(separator: "\n").map { $0.split(separator: "|", omittingEmptySubsequences: false) }
    guard !lines.isEmpty else { return [] }
    let body = lines.enumerated().flatMap { index, cells -> [String] in
      let rule = index == 0 ? [] : [edge(isUnicode ? "├" : "+", isUnicode ? "┤" : "+")]
      guard cells.count == 5 else {
        let count = Int(cells[0]) ?? 0
        return rule + ["  " + dots + " \(Readable.counted(count, "more region"))".rightPadded(to: room) + dots]
      }
      let text =
        " " + cells[0].description.rightPadded(to: 8) + cells[1].description.rightPadded(to: 6)
        + cells[2].description.leftPadded(to: 12)
      return rule + ["  " + side + text.rightPadded(to: room) + side + " \(cells[3]) \(cells[4])"]
    }
    return ["highest addresses"] + [edge(isUnicode ? "┌" : "+", isUnicode ? "┐" : "+")] + body
      + [edge(isUnicode ? "└" : "+", isUnicode ? "┘" : "+"), "lowest addresses"]
  }
}
