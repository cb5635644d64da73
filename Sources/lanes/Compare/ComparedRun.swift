import LanesCore
import LanesOS
import LanesReport
import SystemPackage

/// The arrangement between `lanes compare` and the runs that it starts: three environment variables.
///
/// `LANES_COMPARED_BY` is the number of the process that compares, without which the run has no purpose; `LANES_RECORD_DESCRIPTOR` is the number of an inherited pipe on which the run sends its record; with `LANES_COLD` set
/// the run drops its inputs from the page cache before it starts the clock.
enum ComparedRun {
  static let descriptorVariable = "LANES_RECORD_DESCRIPTOR"
  static let parentVariable = "LANES_COMPARED_BY"
  static let coldVariable = "LANES_COLD"

  /// True in a process that `lanes compare` started.
  static var isCompared: Bool { Terminal.variable(descriptorVariable) != nil }

  static var isCold: Bool { Terminal.variable(coldVariable) != nil }

  /// Makes this run end with the comparison that it is part of, even when that is killed.
  static func followParent() throws(SystemError) {
    guard let parent = Terminal.variable(parentVariable).flatMap({ Int32($0) }) else { return }
    try WorkerProcess.settle(parent: parent)
  }

  /// Sends the record to `lanes compare`, if that is who started this run.
  static func report(_ record: RunRecord) {
    guard let number = Terminal.variable(descriptorVariable).flatMap({ Int32($0) }) else { return }
    var writer = WireWriter()
    writer.write(record)
    writer.bytes.withUnsafeBytes { try? DescriptorIO.writeAll(number, $0) }
  }

  /// Drops every file that the plan's units read.
  static func dropInputs(of plan: any UnitPlan) {
    var group: [OpenInput] = []
    var last: FilePath?
    while case .unit(let unit) = nextUnit(plan) {
      guard let path = path(of: unit.source), path != last, let file = try? Descriptor.reading(path) else { continue }
      last = path
      PageCache.startWriteBack(file)
      group.append(OpenInput(file))
      if group.count == inputsAtOnce { group = [] }
    }
  }

  /// Files that are written back side by side: storage likes several at once, and descriptors may be few.
  private static let inputsAtOnce = 32

  /// An input that leaves the page cache when the value goes.
  private final class OpenInput {
    private let file: Descriptor

    init(_ file: consuming Descriptor) { self.file = file }

    deinit { PageCache.drop(file) }
  }

  private static func path(of source: Source) -> FilePath? {
    switch source {
    case .file(let file): file
    case .slice(let slice): slice.path
    case .none, .bytes: nil
    }
  }

  private static func nextUnit(_ plan: any UnitPlan) -> PlanStep {
    while true {
      switch plan.next() {
      case .failed: continue
      case .waiting: return .end
      case .unit(let unit): return .unit(unit)
      case .end: return .end
      }
    }
  }
}
