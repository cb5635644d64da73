import LanesCore
import LanesOS
import SystemPackage

/// Finds what a plan must not do, before any of it is done. It remembers what it has seen of a plan, which is handed in for
/// each question.
struct PlanCheck {
  /// Messages that are given; the rest is counted.
  private static let shown = 5

  /// Inputs and results by the hash of the result's name, so that names need not be kept.
  private var seen: [Int: (index: Int, result: Int)] = [:]
  /// Files that are read, once the destination exists and one of them could lie there.
  private var inputs: Set<FileIdentity> = []
  private let destinationExists: Bool

  init(of plan: ConvertPlan) {
    destinationExists = plan.request.destinationKind != nil
  }

  /// Refuses the whole plan for all that is wrong with it.
  mutating func refuse(_ plan: ConvertPlan) throws(PlanRefusal) {
    if let kind = plan.request.destinationKind, kind != .directory, plan.writesIntoDirectory {
      let text = "\(plan.destination.forDisplay) is not a directory, which the results of several inputs need"
      throw PlanRefusal(messages: [text])
    }
    if let objection = plan.request.objectionToSuffix ?? plan.request.objectionToDirectory {
      throw PlanRefusal(messages: [objection])
    }
    var messages: [String] = []
    var more = 0
    let startable = (0..<plan.count).filter { plan.failure($0) == nil }
    for index in startable { try note(index, of: plan) }
    for index in startable {
      guard let objection = try firstObjection(to: index, of: plan) else { continue }
      if messages.count < Self.shown { messages.append(objection) } else { more += 1 }
    }
    guard !messages.isEmpty else { return }
    if more > 0 { messages.append("there are \(more) more such conflicts") }
    throw PlanRefusal(messages: messages)
  }

  /// What is wrong with an input that came later than the others, or nil.
  ///
  /// - Throws: `PlanRefusal` where the system does not tell what is there.
  mutating func objection(to index: Int, of plan: ConvertPlan) throws(PlanRefusal) -> String? {
    try note(index, of: plan)
    return try firstObjection(to: index, of: plan)
  }

  /// The status of a file that may be there; nil where there is none.
  static func status(of path: FilePath, followingLinks: Bool = true) throws(PlanRefusal) -> FileStatus? {
    do throws(SystemError) {
      return try FileStatus.ifPresent(path, followingLinks: followingLinks)
    } catch {
      throw .unknown(path, error)
    }
  }

  private mutating func note(_ index: Int, of plan: ConvertPlan) throws(PlanRefusal) {
    guard destinationExists, let status = try Self.status(of: plan.input(index)) else { return }
    inputs.insert(status.identity)
  }

  private mutating func firstObjection(to index: Int, of plan: ConvertPlan) throws(PlanRefusal) -> String? {
    for result in plan.results(index) {
      let objection = misplaced(index, result, plan) ?? misnamed(index, result, plan) ?? collision(index, result, plan)
      if let objection { return objection }
      if let objection = try taken(index, result, plan) { return objection }
    }
    return nil
  }

  /// A result that a template would place outside the destination or on the destination itself.
  private func misplaced(_ index: Int, _ result: Int, _ plan: ConvertPlan) -> String? {
    guard plan.writesIntoDirectory else { return nil }
    // A template may hold `..`, and an input's own folders may be called so in a list.
    let components = plan.outputName(index, result).split(separator: UInt8(ascii: "/"))
    let isOutside = components.contains { [".", ".."].contains(String(decoding: $0, as: UTF8.self)) }
    guard components.isEmpty || isOutside else { return nil }
    return "the result of \(plan.input(index).forDisplay) would not lie below \(plan.destination.forDisplay)"
  }

  /// A result that a template would give the suffix of another format.
  private func misnamed(_ index: Int, _ result: Int, _ plan: ConvertPlan) -> String? {
    guard plan.writesIntoDirectory, let format = plan.resultFormat(index, result) else { return nil }
    let output = plan.output(index, result)
    let codecs = plan.request.codecs
    guard let suffix = output.suffix, codecs.format(suffix: suffix) != format, codecs.isImage(suffix: suffix) else {
      return nil
    }
    let input = plan.input(index).forDisplay
    return "\(input) gives a \(format.name), which would be called \(output.forDisplay); let --name end in .{ext}"
  }

  /// Two results under one name.
  private mutating func collision(_ index: Int, _ result: Int, _ plan: ConvertPlan) -> String? {
    let name = plan.outputName(index, result)
    guard let earlier = seen.updateValue((index, result), forKey: name.hashValue) else { return nil }
    // Two names may have one hash: only equal names collide.
    guard plan.outputName(earlier.index, earlier.result) == name else { return nil }
    let (one, other) = (plan.input(earlier.index), plan.input(index))
    guard earlier.index != index else {
      let output = plan.output(index, result).forDisplay
      return "two results of \(one.forDisplay) would be called \(output); let --name hold {size} and {ext}"
    }
    if one == other || isSameFile(one, other) { return "\(other.forDisplay) is given twice" }
    return "\(one.forDisplay) and \(other.forDisplay) would both become \(plan.output(index, result).forDisplay)"
  }

  private func isSameFile(_ one: FilePath, _ other: FilePath) -> Bool {
    guard let one = try? FileStatus(of: one), let other = try? FileStatus(of: other) else { return false }
    return one.identity == other.identity
  }

  /// A result whose name is taken, by an input above all.
  private func taken(_ index: Int, _ result: Int, _ plan: ConvertPlan) throws(PlanRefusal) -> String? {
    // Nothing can be in the way in a folder that does not exist, which saves a call for each result.
    guard destinationExists else { return nil }
    let output = plan.output(index, result)
    guard let status = try Self.status(of: output, followingLinks: false) else { return nil }
    // A link may lead in a circle, or to what nobody may look at: no input that could be read.
    let target = status.kind == .symbolicLink ? try? FileStatus(of: output) : status
    if inputs.contains(status.identity) || target.map({ inputs.contains($0.identity) }) == true {
      return "\(output.forDisplay) is itself an input; choose another destination"
    }
    if status.kind == .directory {
      return "\(output.forDisplay) is a directory, and \(plan.input(index).forDisplay) would take its place"
    }
    if !plan.toleratesExisting, plan.origin(of: output) == .foreign {
      return "\(output.forDisplay) exists already; --overwrite replaces it, --skip-existing leaves it"
    }
    return nil
  }
}
