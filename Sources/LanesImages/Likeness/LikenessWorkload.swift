import LanesCore

/// Compares pictures: each unit is a pair of files.
package struct LikenessWorkload: Workload {
  package static let name = "images.compare"
  package static let isHazardous = true
  package static let noun = UnitNoun("pair of images", "pairs of images")

  private let maxPixels: Int
  private let codecs: Codecs

  /// - Parameter maxPixels: images of more are refused.
  package init(maxPixels: Int = ConvertOptions.defaultMaxPixels, codecs: Codecs = .standard) {
    self.maxPixels = maxPixels
    self.codecs = codecs
  }

  package init(from reader: inout WireReader) throws(WireError) { self.init(maxPixels: try reader.read()) }

  package func describe(to writer: inout WireWriter) { writer.write(maxPixels) }

  /// The unit's task holds both names for messages.
  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    var options = ConvertOptions()
    (options.maxPixels, options.profile) = (maxPixels, .srgb)
    let names = PairNames(unit.task)
    return try input.withUnsafeBytes { (bytes) throws(UnitFailure) in
      guard let ranges = JoinedFiles.ranges(in: bytes, count: 2) else {
        throw UnitFailure(.input, "its two files did not arrive whole")
      }
      let files = ranges.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
      // The quicker decoders leave what is odd undecided, and libjpeg-turbo or libpng judges from the start.
      let quick = CodecContext(deadline: deadline, output: output)
      do throws(UnitFailure) {
        return try compare(files, names, options, quick)
      } catch {
        guard quick.isUndecided else { throw error }
        return try compare(
          files, names, options, CodecContext(deadline: deadline, output: output, usesLibrary: true))
      }
    }
  }

  private func compare(
    _ files: [UnsafeRawBufferPointer], _ names: PairNames, _ options: ConvertOptions, _ context: CodecContext
  ) throws(UnitFailure) -> Bytes {
    let pair = try PicturePair(files, names: names.both, options: options, codecs: codecs, context: context)
    let pictures = try pair.decode(names: names.both)
    return try Similarity(pictures[0], pictures[1], deadline: context.deadline).likeness().encoded()
  }

  /// Reads back what `perform` returned.
  package static func decodePartial(_ bytes: Bytes) throws(WireError) -> Likeness {
    var reader = WireReader(bytes)
    return try Likeness(from: &reader)
  }
}

/// What both images of a unit are called, as a task.
struct PairNames {
  let both: [String]

  init(_ one: String, _ other: String) { both = [one, other] }

  /// A task that holds something else gives names that say so.
  init(_ task: Bytes) {
    var reader = WireReader(task)
    if let one = try? reader.readString(), let other = try? reader.readString() {
      both = [one, other]
    } else {
      both = ["the first image", "the second image"]
    }
  }

  var task: Bytes {
    var writer = WireWriter()
    for name in both { writer.write(name) }
    return writer.bytes
  }
}
