import LanesCore
import LanesOS
import SystemPackage

/// Finds what a plan must not do, before any of it is done.
struct PlanCheck {
  /// Messages that are given; the rest is counted.
  private static let shown = 5

  private let plan: ConvertPlan
  private var messages: [String] = []
  private var more = 0

  init(_ plan: ConvertPlan) { self.plan = plan }

  consuming func run() throws(PlanRefusal) {
    var check = self
    check.checkDestination()
    if check.messages.isEmpty {
      check.checkNames()
      check.checkCollisions()
      check.checkExisting()
    }
    guard !check.messages.isEmpty else { return }
    if check.more > 0 { check.messages.append("there are \(check.more) more such conflicts") }
    throw PlanRefusal(messages: check.messages)
  }

  private mutating func refuse(_ message: String) {
    if messages.count < Self.shown { messages.append(message) } else { more += 1 }
  }

  private mutating func checkDestination() {
    guard plan.writesIntoDirectory, let kind = ConvertRequest.kind(of: plan.destination), kind != .directory else {
      return
    }
    refuse("\(plan.destination.forDisplay) is not a directory, which the results of several inputs need")
  }

  /// Results that a template would place outside the destination or on the destination itself.
  private mutating func checkNames() {
    for index in plan.startable where plan.writesIntoDirectory {
      let components = plan.outputName(index).split(separator: UInt8(ascii: "/"))
      if components.isEmpty
        || components.contains(where: { [".", ".."].contains(String(decoding: $0, as: UTF8.self)) })
      {
        refuse("the result of \(plan.input(index).forDisplay) would not lie below \(plan.destination.forDisplay)")
      }
    }
  }

  /// Two results under one name. Names are compared by a hash first, so that they need not be kept.
  private mutating func checkCollisions() {
    var seen: [Int: Int] = [:]
    for index in plan.startable {
      let name = plan.outputName(index)
      guard let earlier = seen.updateValue(index, forKey: name.hashValue) else { continue }
      guard plan.outputName(earlier) == name else { continue }
      let (one, other) = (plan.input(earlier), plan.input(index))
      if one == other || isSameFile(one, other) {
        refuse("\(other.forDisplay) is given twice")
      } else {
        refuse("\(one.forDisplay) and \(other.forDisplay) would both become \(plan.output(index).forDisplay)")
      }
    }
  }

  private func isSameFile(_ one: FilePath, _ other: FilePath) -> Bool {
    guard let one = try? FileStatus(of: one), let other = try? FileStatus(of: other) else { return false }
    return one.identity == other.identity
  }

  /// Results whose names are taken, by an input above all.
  private mutating func checkExisting() {
    guard ConvertRequest.kind(of: plan.destination) != nil else { return }
    var inputs: Set<FileIdentity> = []
    for index in plan.startable {
      if let status = try? FileStatus(of: plan.input(index)) { inputs.insert(status.identity) }
    }
    for index in plan.startable {
      let output = plan.output(index)
      guard let status = try? FileStatus(of: output, followingLinks: false) else { continue }
      let target = try? FileStatus(of: output)
      if inputs.contains(status.identity) || target.map({ inputs.contains($0.identity) }) == true {
        refuse("\(output.forDisplay) is itself an input; choose another destination")
      } else if status.kind == .directory {
        refuse("\(output.forDisplay) is a directory, and \(plan.input(index).forDisplay) would take its place")
      } else if !plan.toleratesExisting {
        refuse("\(output.forDisplay) exists already; --overwrite replaces it, --skip-existing leaves it")
      }
    }
  }
}
