import ArgumentParser
import LanesCluster
import LanesCore
import LanesOS
import LanesReport
import SystemPackage

/// What `lanes merge` is asked for.
struct MergeOptions {
  /// What is missing is told as one JSON object.
  var isJSON = false
  /// What is there is put together, whatever is missing.
  var isPartial = false
}

/// Tells how far the parts of a plan are.
struct PartsReport {
  /// Of the folder; nil for parts that lie in none.
  let name: String?
  /// Of the command.
  let words: [Bytes]
  let parts: PartSet

  /// Why parts cannot be put together; told here, on standard error, or as JSON on standard output.
  ///
  /// - Parameter everyFileCounts: files were named one by one, so that one that cannot be used is a mistake.
  func problem(_ options: MergeOptions, everyFileCounts: Bool = false) -> ExitCode? {
    let missing = parts.missing
    let isWhole = missing.isEmpty && !(everyFileCounts && !parts.unusable.isEmpty)
    guard !isWhole || !parts.contradictions.isEmpty else { return nil }
    let hasSome = missing.count < parts.plan.stretches.count
    if options.isPartial, hasSome, parts.contradictions.isEmpty {
      for line in lines + ["the result is that of the shards that are there"] { StandardError.line("lanes: \(line)") }
      return nil
    }
    if options.isJSON {
      try? StandardOutput.write(json + "\n")
    } else {
      for line in lines { StandardError.line("lanes: \(line)") }
    }
    return ExitCode((parts.contradictions.isEmpty ? ExitStatus.unfinished : .contradiction).rawValue)
  }

  /// Contradictions first, then what cannot be used, then what is missing.
  private var lines: [String] {
    var lines = parts.contradictions.map {
      "shard \($0.shard) gave two different results, in \($0.one.forDisplay) and \($0.other.forDisplay): "
        + "remove the one that is wrong, and see what is the matter with the machine"
    }
    lines += unusable
    let missing = parts.missing
    if !missing.isEmpty {
      let count = parts.plan.stretches.count
      lines.append(
        "\(name.map { "\($0): " } ?? "")missing: \(PartSet.list(missing)) (\(Readable.count(count - missing.count)) of "
          + "\(Readable.count(count)) shards are there)")
    }
    return lines
  }

  /// A line for each file among the parts that cannot be used.
  var unusable: [String] {
    parts.unusable.map { part in
      switch part.state {
      case .damaged(let reason), .foreign(let reason): "\(part.path.forDisplay) \(reason)"
      case .complete, .unfinished: part.path.forDisplay
      }
    }
  }

  /// One object for all.
  var json: String {
    let totals = parts.totals
    let plan = parts.plan
    var json = JSONWriter()
    json.object {
      $0.member("type", "cluster")
      $0.member("command", words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
      $0.member("program", plan.program)
      $0.member("shards", plan.stretches.count)
      $0.member("shards_done", plan.stretches.count - parts.missing.count)
      $0.member("units", plan.unitCount)
      $0.member("units_done", totals.done)
      $0.member("units_failed", totals.failed)
      $0.key("missing")
      $0.array { array in for shard in parts.missing { array.value(shard) } }
      $0.key("unusable")
      $0.array { array in for line in unusable { array.value(line) } }
      $0.key("contradictory")
      $0.array { array in for one in parts.contradictions { array.value(one.shard) } }
    }
    return json.text
  }

  /// For people: what the plan is, and how far it is.
  ///
  /// - Parameter width: columns that lines may have; nil for any number.
  func text(width: Int?) -> [String] {
    guard let width else { return rows }
    return rows.flatMap { Self.wrapped($0, width) }
  }

  /// Columns of the first word of each row, behind which it goes on in the next line.
  private static let indent = 10

  /// A row in lines of `width` columns, cut at spaces and commas; what has none of them stays whole.
  private static func wrapped(_ row: String, _ width: Int) -> [String] {
    var lines: [String] = []
    var line = String(row.prefix(indent))
    var rest = row.dropFirst(indent)
    let room = max(width - indent, 20)
    while rest.count > room {
      let cut = rest.prefix(room).lastIndex { $0 == " " || $0 == "," } ?? rest.firstIndex { $0 == " " || $0 == "," }
      guard let cut else { break }
      lines.append(line + (rest[cut] == " " ? rest[..<cut] : rest[...cut]))
      rest = rest[rest.index(after: cut)...]
      line = String(repeating: " ", count: indent)
    }
    return lines + [line + rest]
  }

  private var rows: [String] {
    let plan = parts.plan
    let count = plan.stretches.count
    let missing = parts.missing
    let totals = parts.totals
    let words = words.map { FilePath(rawBytes: $0).forDisplay }.joined(separator: " ")
    var lines = [
      "command   lanes \(words)",
      "plan      \(Readable.counted(count, "shard")) of \(Readable.counted(plan.unitCount, "unit")), by lanes \(plan.program)",
      "done      \(Readable.counted(count - missing.count, "shard")), \(Readable.counted(totals.done, "unit"))"
        + (totals.failed > 0 ? " and \(Readable.count(totals.failed)) failed" : ""),
    ]
    if !missing.isEmpty { lines.append("missing   \(PartSet.list(missing))") }
    for shard in missing where parts.underWay[shard] > 0 {
      lines.append(
        "begun     shard \(shard): \(Readable.count(parts.underWay[shard])) of "
          + "\(Readable.counted(plan.stretches[shard].count, "unit"))")
    }
    lines += unusable.map { "unusable  \($0)" }
    lines += parts.contradictions.map {
      "differing shard \($0.shard): \($0.one.forDisplay) and \($0.other.forDisplay)"
    }
    return lines
  }
}
