import ArgumentParser
import LanesCluster
import LanesCore
import LanesJournal
import LanesOS
import SystemPackage

/// Parts that `lanes --shard` has written, wherever they lie.
struct StandaloneParts {
  /// A file, and what its first record says; nil where it cannot be read as a part.
  private typealias Named = (path: FilePath, header: RunHeader?)

  private let files: [Named]

  init(_ paths: [FilePath]) { files = paths.map { ($0, try? Part.header($0)) } }

  /// Plans their command once more and puts the parts together; throws its status, or tells why there is no result.
  func merge(_ options: MergeOptions) throws {
    let (model, path) = try model()
    try check(model, path)
    let words = model.standalone!.words
    RawArguments.adopt(words)
    let batch = try StandaloneBatch(words, shards: model.standalone!.shards)
    RawArguments.adopt(words)
    let fingerprint = batch.plan.fingerprint
    guard files.contains(where: { $0.header?.part?.fingerprint == fingerprint }) else {
      throw ExitStatus.unfinished.failing(
        "the inputs are not those of the parts: they have changed since then, or are others on this machine")
    }
    let meaning = batch.plan.words
    var (own, others): ([FilePath], [Part]) = ([], [])
    for file in files {
      if let header = file.header, let reason = try objection(to: header, model, path, meaning, fingerprint) {
        others.append(Part(path: file.path, shard: nil, state: .foreign(reason)))
      } else {
        own.append(file.path)
      }
    }
    let parts = PartSet(batch.plan, files: own, unusable: others)
    let report = PartsReport(name: nil, words: words, parts: parts)
    if let problem = report.problem(options, everyFileCounts: true) { throw problem }
    try Merging(parts, batch.command, units: batch.units, isPartial: options.isPartial).run()
  }

  /// The header that most parts agree with, and the first file that has it.
  private func model() throws -> (RunHeader, FilePath) {
    let known = files.filter { $0.header?.standalone != nil && $0.header?.part != nil }
    let counts = Dictionary(known.map { ($0.header!.part!.fingerprint, 1) }, uniquingKeysWith: +)
    let most = counts.values.max()
    if let model = known.first(where: { counts[$0.header!.part!.fingerprint] == most }) {
      return (model.header!, model.path)
    }
    if files.contains(where: { $0.header?.part != nil }) {
      throw ExitStatus.usage.failing(
        "\(files.first { $0.header?.part != nil }!.path.forDisplay) is a part of a plan: lanes merge takes the folder of that plan"
      )
    }
    for file in files { StandardError.line("lanes: \(file.path.forDisplay) \(Self.reason(file.path))") }
    throw ExitCode(ExitStatus.unfinished.rawValue)
  }

  /// Why a file without a header is no part.
  private static func reason(_ path: FilePath) -> String {
    do {
      let header = try Part.header(path)
      return header.part == nil ? "is the run file of a whole run, and no part" : "cannot be read as a part"
    } catch {
      return error.reason
    }
  }

  /// Refuses parts of another program, whose results need not be the same.
  private func check(_ header: RunHeader, _ path: FilePath) throws {
    let now = RunSurroundings.current()
    if header.program != now.program {
      throw ExitStatus.usage.failing(
        "\(path.forDisplay) was made by lanes \(header.program), and this is lanes \(now.program): every machine needs the same"
      )
    }
    if header.libraries != now.libraries {
      throw ExitStatus.usage.failing(
        "\(path.forDisplay) was made with \(header.libraries), and this program has \(now.libraries): every machine needs the same"
      )
    }
  }

  /// Why a part does not belong to the others, as a clause that follows its name; nil for one that does.
  private func objection(
    to header: RunHeader, _ model: RunHeader, _ path: FilePath, _ meaning: [Bytes], _ fingerprint: Bytes
  ) throws -> String? {
    guard let part = header.part else { return "is the run file of a whole run, and no part" }
    guard let standalone = header.standalone else { return "is a part of a plan in a folder, and not of lanes --shard" }
    guard header.program == model.program else {
      return "was made by lanes \(header.program), and \(path.forDisplay) by lanes \(model.program)"
    }
    if part.fingerprint == fingerprint { return nil }
    guard try StandaloneBatch.meaning(of: standalone.words).map({ Bytes($0.utf8) }) == meaning else {
      let words = standalone.words.map { FilePath(rawBytes: $0).forDisplay }.joined(separator: " ")
      return "is a part of another command, lanes \(words)"
    }
    guard standalone.shards == model.standalone?.shards else {
      return "is one of \(standalone.shards) parts, and \(path.forDisplay) one of \(model.standalone?.shards ?? 0)"
    }
    return "was made of other inputs: they have changed meanwhile, or are others on its machine"
  }
}
