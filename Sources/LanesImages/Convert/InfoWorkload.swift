import LanesCore
import LanesOS
import SystemPackage

/// Tells what the headers of images say; pixels are not decoded.
package struct InfoWorkload: Workload {
  package static let name = "images.info"
  package static let isHazardous = true
  package static let noun = UnitNoun("image", "images")

  private let codecs: Codecs

  package init(codecs: Codecs = .standard) { self.codecs = codecs }
  package init(from reader: inout WireReader) throws(WireError) { self.init() }
  package func describe(to writer: inout WireWriter) {}

  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    try input.withUnsafeBytes { (bytes) throws(UnitFailure) in
      try ImageInfo(bytes, codecs: codecs, context: CodecContext(deadline: deadline, output: output)).encoded()
    }
  }

  /// Reads back what `perform` returned.
  package static func decodePartial(_ bytes: Bytes, codecs: Codecs = .standard) throws(WireError) -> ImageInfo {
    var reader = WireReader(bytes)
    return try ImageInfo(from: &reader, codecs: codecs)
  }
}

/// One unit per file, in the order of the inputs, directories in byte order of names. Making it walks; `next` does not
/// block.
package final class InfoPlan: UnitPlan {
  /// Rows of headers, and profiles of a few hundred kilobytes.
  private static let memory = 4 << 20

  private var files: PlannedFiles
  private var position = 0

  /// - Parameter inputs: files, directories, and `-` for standard input.
  /// - Throws: `PlanRefusal` when there is nothing to look at.
  package init(_ inputs: [FilePath], codecs: Codecs = .standard) throws(PlanRefusal) {
    files = PlannedFiles(codecs: codecs)
    for input in inputs {
      if input == FilePath("-") {
        let path = FilePath("/dev/stdin")
        files.add(path, relative: input, status: try? FileStatus(of: path))
      } else {
        files.take(input)
      }
    }
    guard files.count > 0 else { throw PlanRefusal(messages: [files.nothingFound(in: inputs)]) }
  }

  package var totalUnits: Int? { files.count }

  package func next() -> PlanStep {
    guard position < files.count else { return .end }
    defer { position += 1 }
    let path = files.path(position)
    let label = path == FilePath("/dev/stdin") ? "standard input" : path.forDisplay
    let unit = Unit(
      number: position, label: label, source: .file(path), expectedInput: files.size(position),
      expectedMemory: Self.memory)
    let isTooLarge = ConvertOptions().objection(toBytes: files.size(position), isFixed: true)
    if let failure = files.failure(position) ?? isTooLarge { return .failed(unit, failure) }
    return .unit(unit)
  }
}
