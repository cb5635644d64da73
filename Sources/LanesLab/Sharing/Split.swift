import CLab
import LanesCore
import LanesOS
import LanesReport
import SystemPackage

extension Experiment {
  static let split = Experiment(
    "split", .sharing, title: "Two kinds of parallelism: sharing out the data, or the tasks",
    short: "lanes share the data, or the tasks on the same data",
    claims: [
      LabClaim(
        "a", from: .course(.parallelism),
        "with tasks shared out each lane goes through all the data: six statistics cost six times the processor time",
        .ratio(of: "tasks, CPU", to: "data, CPU", within: .about(6)),
        ifConfirmed: "Reading a line is most of the work, and each task reads all of them."),
      LabClaim(
        "b", from: .course(.parallelism),
        "data can be cut for any number of lanes: one for each core takes at most 0.75 of one lane's time",
        .ratio(of: "data, all lanes", to: "data, 1 lane", within: .atMost(0.75))),
      LabClaim(
        "c", from: .course(.parallelism),
        "so lanes that share the data have the answers in half of the time of those that share the tasks, or less",
        .ratio(of: "data, all lanes", to: "tasks, all lanes", within: .atMost(0.5))),
      LabClaim(
        "d", from: .course(.parallelism),
        "both come to the same answers",
        .value("kinds of answers", within: 1...1, counts: "different answers of all runs")),
    ],
    method: [
      "lanes files stats counts, sums, and finds the least, the greatest, the mean and the deviation of one column, by the keys of "
        + "another, of a file of 32 MiB that is in memory: with --split data, where a unit is a part of the lines, and --split tasks, "
        + "where it is one of the six statistics of a part. There is a thread for each CPU, or one.",
      "The figure is the time of a whole run, or the processor time of all its threads. The picture is drawn from the last run's --trace.",
      "Misleading: tasks that share nothing, such as reading, resizing and writing of different images, need not go through the same data; "
        + "and no more lanes can share tasks than there are tasks.",
    ], loop: "",
    picture: { result, width in
      guard let data = result.texts["data"], let tasks = result.texts["tasks"] else { return [] }
      return LaneParts.picture(data: LaneParts(trace: data), tasks: LaneParts(trace: tasks), width: width)
    }
  ) { loop in
    var result = LabMeasurements()
    result.require(CPUs.available > 1, "two CPUs are needed, and this process may use one", for: "b")
    guard let folder = clab_folder_new("/var/tmp") else {
      result.require(false, "no folder could be made in /var/tmp")
      return result
    }
    defer { clab_folder_free(folder) }
    let path = String(cString: clab_folder_path(folder))
    let block = table
    let isWritten = block.span.bytes.withUnsafeBytes { bytes in
      clab_folder_write(folder, 0, bytes.baseAddress, bytes.count, Int32(loop.scaled(32, least: 16)))
    }
    guard isWritten else {
      result.require(false, "no file of 32 MiB could be made in /var/tmp")
      return result
    }
    var answers: Set<String> = []
    var processor: [String: [Double]] = [:]
    let words = [
      "files", "stats", "--delimiter", ",", "--column", "2", "--by", "1", path + "/000000", "--mode", "threads",
    ]
    func variant(_ split: String, _ lanes: Int, _ name: String) -> LabVariant {
      LabVariant("\(split), \(name)", clock: .wallOfFamily, needed: 3) { _ in
        let trace = lanes > 1 ? ["--trace", "\(path)/\(split)"] : []
        guard let run = LabProgram.lanes(words + ["--split", split, "--cores", String(lanes)] + trace) else {
          return -1
        }
        answers.insert(run.output)
        if lanes > 1 { processor[split, default: []].append(Double(run.processor)) }
        return run.undisturbed
      }
    }
    // Two lanes on one CPU still show who has what.
    let lanes = max(2, min(8, CPUs.available))
    loop.takeTurns(
      [
        variant("data", 1, "1 lane"), variant("data", lanes, "all lanes"), variant("tasks", lanes, "all lanes"),
      ], into: &result)
    // A lane that waits for the core of another is no quicker than one.
    result.require(
      (result["data, all lanes"]?.cpuPerWall ?? 0) >= 1.2, "two cores were not to be had at the same moment", for: "b")
    for split in ["data", "tasks"] {
      if let samples = processor[split] {
        result.figures.append(LabFigure("\(split), CPU", samples: samples, needed: 3))
      }
      result.texts[split] = trace(path + "/" + split)
    }
    if !answers.isEmpty { result.values["kinds of answers"] = Double(answers.count) }
    return result
  }

  /// A mebibyte of lines: one of eight keys, and a number.
  private static var table: Bytes {
    var bytes = Bytes()
    var state: UInt32 = 2_463_534_242
    while bytes.count < (1 << 20) - 16 {
      // xorshift, Marsaglia 2003
      state ^= state << 13
      state ^= state >> 17
      state ^= state << 5
      bytes += Bytes("\(["a", "b", "c", "d", "e", "f", "g", "h"][Int(state % 8)]),\(state / 8 % 1_000_000)\n".utf8)
    }
    return bytes
  }

  /// The events of a trace that tell which lane had which unit.
  private static func trace(_ path: String) -> String? {
    guard let file = try? Descriptor.reading(FilePath(path)),
      let bytes = try? DescriptorIO.bytes(file.number, at: 0, count: 1 << 20)
    else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    return lines.filter { $0.contains(#""cat":"perform""#) }.joined(separator: "\n")
  }
}

extension LaneParts {
  /// Both ways on one scale of time, lane by lane: the numbers of parts of the data, and the first letters of tasks.
  static func picture(data: LaneParts, tasks: LaneParts, width: Int) -> [String] {
    let span = max(data.end, tasks.end)
    let head = 16
    guard span > 0, width >= head + 20 else { return [] }
    let scale = "which lane has what; the full width is \(Readable.duration(nanoseconds: Int64(span * 1_000)))"
    func lines(_ name: String, _ parts: LaneParts, _ sign: (Part) -> Character) -> [String] {
      parts.strips(columns: width - head, span: span, sign: sign).enumerated().map { index, strip in
        ("  " + (index == 0 ? name : "").rightPadded(to: 6) + "lane \(index + 1)").rightPadded(to: head) + strip
      }
    }
    let names = tasks.parts.map(taskName).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.sorted()
    let legend =
      "tasks: \(names.map { "\(letter($0)) \($0)" }.joined(separator: ", ")); data: the last digit of a part's number"
    return [scale] + lines("data", data) { Character(String($0.number % 10)) }
      + lines("tasks", tasks) { letter(taskName($0)) }
      + ComparisonText.wrap(legend, width: width - 2).map { "  " + $0 }
  }

  /// A unit of `--split tasks` is called by its file and, behind a comma, its statistic.
  private static func taskName(_ part: Part) -> String {
    String(part.label.split(separator: " ").last ?? "")
  }

  private static func letter(_ task: String) -> Character { task.first ?? "?" }
}
